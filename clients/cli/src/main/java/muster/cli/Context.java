package muster.cli;

import java.lang.reflect.Constructor;
import java.util.Map;
import muster.cli.client.Configuration;
import muster.cli.terminal.Terminal;
import picocli.CommandLine;

/** What every command is made with. */
record Context(Terminal terminal, Map<String, String> environment) {
    Context {
        environment = Map.copyOf(environment);
    }

    Configuration configuration() {
        return new Configuration(environment);
    }

    /** Makes the commands that take a context, and leaves the rest to picocli. */
    CommandLine.IFactory factory() {
        return new CommandLine.IFactory() {
            @Override
            public <K> K create(Class<K> type) throws Exception {
                for (Constructor<?> constructor : type.getDeclaredConstructors()) {
                    if (constructor.getParameterCount() == 1 && constructor.getParameterTypes()[0] == Context.class) {
                        return type.cast(constructor.newInstance(Context.this));
                    }
                }
                return CommandLine.defaultFactory().create(type);
            }
        };
    }
}
