package muster.manager;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import muster.manager.security.ManagerSecurity;
import muster.transport.NodeIdentity;
import muster.transport.Revocations;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Opens the security folder and says who the manager is: what broker and REST wait for. */
@Component(service = SecurityComponent.class, immediate = true, configurationPid = ManagerConfig.PID)
public final class SecurityComponent {
    private final ManagerSecurity security;
    private final AutoCloseable registration;

    @Activate
    public SecurityComponent(BundleContext context, ManagerConfig config) {
        var folder = config.security().isEmpty()
                ? Path.of(System.getProperty("karaf.base", "."), "security")
                : Path.of(config.security());
        security = new ManagerSecurity(folder, config.id(), ManagerComponent.list(config.names()), Clock.systemUTC());
        var registered = context.registerService(
                NodeIdentity.class,
                security.identity(),
                FrameworkUtil.asDictionary(Map.of(NodeIdentity.ROLE, "manager")));
        var revocations = context.registerService(Revocations.class, security.revocations(), null);
        registration = () -> {
            registered.unregister();
            revocations.unregister();
        };
    }

    ManagerSecurity security() {
        return security;
    }

    @Deactivate
    void deactivate() throws Exception {
        registration.close();
    }
}
