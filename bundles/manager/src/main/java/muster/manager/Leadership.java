package muster.manager;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import muster.api.ClusterService;
import muster.api.ErrorCode;
import muster.api.JobService;
import muster.api.MusterException;
import muster.api.ObjectService;
import muster.manager.security.ManagerSecurity;
import muster.manager.store.Lease;
import org.jspecify.annotations.Nullable;

/**
 * The services of whichever manager leads. While this one does not, they answer UNAVAILABLE and name the one that does.
 * Thread-safe.
 */
final class Leadership implements ManagerSecurity.Lead {
    private volatile @Nullable Services services;
    private volatile String why = "the manager is starting; try again";

    private record Services(JobService jobs, ClusterService cluster, ObjectService objects) {
        Object of(Class<?> type) {
            return type == JobService.class ? jobs : type == ObjectService.class ? objects : cluster;
        }
    }

    void begin(JobService jobs, ClusterService cluster, ObjectService objects) {
        services = new Services(jobs, cluster, objects);
    }

    void end() {
        why = "this manager leads no more; try again";
        services = null;
    }

    void standBy(Lease seen) {
        why = "manager '" + seen.holder() + "' leads, this one stands by; ask " + seen.url();
    }

    @Override
    public boolean held() {
        return services != null;
    }

    @Override
    public String why() {
        return why;
    }

    JobService jobs() {
        return service(JobService.class);
    }

    ClusterService cluster() {
        return service(ClusterService.class);
    }

    ObjectService objects() {
        return service(ObjectService.class);
    }

    private <T> T service(Class<T> type) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    var leading = services;
                    if (method.getDeclaringClass() == Object.class) {
                        return method.invoke(this, arguments);
                    } else if (leading == null) {
                        if (method.getName().equals("notReady")) {
                            return why;
                        }
                        throw new MusterException(ErrorCode.UNAVAILABLE, why);
                    }
                    try {
                        return method.invoke(leading.of(type), arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause() == null ? e : e.getCause();
                    }
                }));
    }
}
