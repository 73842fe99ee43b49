package muster.manager;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import muster.api.MusterException;
import muster.manager.security.ManagerSecurity;
import muster.manager.security.SecurityKey;
import muster.manager.store.SqlStore;
import muster.transport.NodeIdentity;
import muster.transport.Revocations;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the cluster's secrets, in the security folder or in the store, and then says who the manager is: what broker and
 * REST wait for. While it cannot, it tries again.
 */
@Component(
        service = {},
        immediate = true,
        configurationPid = ManagerConfig.PID)
public final class SecurityComponent {
    private static final Logger LOG = LoggerFactory.getLogger(SecurityComponent.class);
    private static final Duration RETRY = Duration.ofSeconds(5);

    private final BundleContext context;
    private final ManagerConfig config;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "muster-security");

    @Activate
    public SecurityComponent(BundleContext context, ManagerConfig config) {
        this.context = context;
        this.config = config;
        thread.start();
    }

    private void run() {
        try {
            do {
                try {
                    offer(open());
                    return;
                } catch (MusterException e) {
                    LOG.error("The manager cannot begin, trying again in {} s: {}", RETRY.toSeconds(), e.getMessage());
                    LOG.debug("because", e);
                }
            } while (!stopping.await(RETRY.toSeconds(), TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            LOG.debug("interrupted", e);
        }
    }

    private ManagerSecurity open() {
        var folder = config.security().isEmpty()
                ? Path.of(System.getProperty("karaf.base", "."), "security")
                : Path.of(config.security());
        var names = ManagerComponent.list(config.names());
        if (config.security_key().isEmpty()) {
            return new ManagerSecurity(folder, config.id(), names, Clock.systemUTC());
        }
        if (config.store().isEmpty()) {
            throw MusterException.invalid(
                    "security.key in etc/muster.manager.cfg is for managers that share a store, and"
                            + " SQLite is one manager's alone; set store to a PostgreSQL database, or leave security.key empty");
        }
        var key = SecurityKey.read(Path.of(config.security_key()));
        try (var store = new SqlStore(ManagerComponent.database(config))) {
            return new ManagerSecurity(folder, config.id(), names, Clock.systemUTC(), key, store);
        }
    }

    /** Offers it until this stops. */
    private void offer(ManagerSecurity security) throws InterruptedException {
        List<ServiceRegistration<?>> registrations = List.of(
                context.registerService(ManagerSecurity.class, security, null),
                context.registerService(
                        NodeIdentity.class,
                        security.identity(),
                        FrameworkUtil.asDictionary(Map.of(NodeIdentity.ROLE, "manager"))),
                context.registerService(Revocations.class, security.revocations(), null));
        try {
            stopping.await();
        } finally {
            registrations.forEach(SecurityComponent::unregister);
        }
    }

    private static void unregister(ServiceRegistration<?> registration) {
        try {
            registration.unregister();
        } catch (IllegalStateException e) {
            LOG.debug("the framework unregistered it first", e);
        }
    }

    /** When this returns, nothing is offered any more. */
    @Deactivate
    void deactivate() throws InterruptedException {
        stopping.countDown();
        thread.join();
    }
}
