package muster.worker;

import java.lang.reflect.Proxy;
import java.util.Map;

/** The configuration as the framework would make it of a file. */
final class Configuration {
    private Configuration() {}

    /** @param values of keys as in the file; the others have their defaults */
    static WorkerConfiguration of(Map<String, String> values) {
        return of(WorkerConfiguration.class, values);
    }

    static <T> T of(Class<T> type, Map<String, String> values) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    var value = values.get(method.getName().replace('_', '.'));
                    if (value == null) {
                        return method.getDefaultValue();
                    }
                    return method.getReturnType() == boolean.class ? Boolean.valueOf(value) : value;
                }));
    }
}
