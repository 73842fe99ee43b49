package muster.cli.terminal;

import java.lang.reflect.Proxy;

/** Hears Ctrl-C in place of the Java machine, which would end at once. */
public final class Interrupts {
    private Interrupts() {}

    /** From now on Ctrl-C runs this, each press in a thread of its own, and nothing else. */
    public static void onInterrupt(Runnable action) {
        try {
            // sun.misc.Signal is the only way to see SIGINT twice, and by its name the compiler cannot be asked for it
            var signal = Class.forName("sun.misc.Signal");
            var handler = Class.forName("sun.misc.SignalHandler");
            var ours = Proxy.newProxyInstance(
                    Interrupts.class.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            action.run();
                        }
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance("INT"), ours);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java has no sun.misc.Signal", e);
        }
    }
}
