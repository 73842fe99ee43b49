package muster.itests.hot;

import java.util.Dictionary;
import java.util.Hashtable;
import muster.api.executor.Executor;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Offers the executor of its bundle while that is there. */
public final class Activator implements BundleActivator {
    @Override
    public void start(BundleContext context) {
        if (context.getBundle().getSymbolicName().endsWith(EchoExecutor.KIND)) {
            context.registerService(Executor.class, new EchoExecutor(), named(EchoExecutor.KIND));
        } else {
            context.registerService(Executor.class, new ShelfExecutor(), named(ShelfExecutor.KIND));
        }
    }

    private static Dictionary<String, Object> named(String kind) {
        var properties = new Hashtable<String, Object>();
        properties.put(Executor.NAME, kind);
        return properties;
    }

    @Override
    public void stop(BundleContext context) {
        // the framework withdraws the service
    }
}
