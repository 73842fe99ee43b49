package muster.broker;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import muster.api.AuditService;
import muster.api.MusterException;
import muster.transport.BrokerAddress;
import muster.transport.NodeIdentity;
import muster.transport.Revocations;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the embedded broker once the manager has an identity, and says where it is; or says where the external broker
 * is. While the port is in use it waits for it.
 */
@Component(
        configurationPid = "muster.broker",
        immediate = true,
        service = {})
@Designate(ocd = BrokerConfiguration.class)
public final class Broker {
    private static final Logger LOG = LoggerFactory.getLogger(Broker.class);
    private static final int RETRY_SECONDS = 2;

    private final BundleContext context;
    private final BrokerConfiguration configuration;
    private final NodeIdentity identity;
    private final Revocations revocations;
    private final AuditService audit;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "muster-broker");

    @Activate
    public Broker(
            BundleContext context,
            BrokerConfiguration configuration,
            @Reference(target = "(muster.role=manager)") NodeIdentity identity,
            @Reference Revocations revocations,
            @Reference AuditService audit) {
        this.context = context;
        this.configuration = configuration;
        this.identity = identity;
        this.revocations = revocations;
        this.audit = audit;
        thread.start();
    }

    /** Stops the broker; when this returns, the port is free. */
    @Deactivate
    public void stop() throws InterruptedException {
        stopping.countDown();
        thread.join();
    }

    private void run() {
        try {
            if (configuration.url().isEmpty()) {
                serve();
            } else {
                announce(external(configuration.url()));
            }
        } catch (InterruptedException e) {
            LOG.debug("interrupted", e);
        } catch (Exception e) {
            LOG.error("the broker failed: {}", e.getMessage(), e);
        }
    }

    private void serve() throws Exception {
        try (var broker = start()) {
            if (broker != null) {
                LOG.info(
                        "the broker listens on {}:{}",
                        configuration.host(),
                        broker.url().getPort());
                announce(new BrokerAddress(broker.url()));
            }
        }
    }

    /** Null if it is stopped before its port is free. */
    private @Nullable EmbeddedBroker start() throws Exception {
        var told = false;
        do {
            try {
                return EmbeddedBroker.start(
                        configuration.host(), configuration.port(), data(), identity, revocations, audit);
            } catch (EmbeddedBroker.PortInUseException e) {
                if (!told) {
                    LOG.error("{}", e.getMessage());
                    told = true;
                }
            }
        } while (!stopping.await(RETRY_SECONDS, TimeUnit.SECONDS));
        return null;
    }

    private Path data() {
        return configuration.data().isEmpty()
                ? Path.of(System.getProperty("karaf.data", "data"), "artemis")
                : Path.of(configuration.data());
    }

    private void announce(BrokerAddress address) throws InterruptedException {
        ServiceRegistration<BrokerAddress> registration = context.registerService(BrokerAddress.class, address, null);
        try {
            stopping.await();
        } finally {
            unregister(registration);
        }
    }

    private static void unregister(ServiceRegistration<BrokerAddress> registration) {
        try {
            registration.unregister();
        } catch (IllegalStateException e) {
            LOG.debug("the framework unregistered the address first", e);
        }
    }

    private static BrokerAddress external(String text) {
        try {
            return BrokerAddress.parse(text);
        } catch (MusterException e) {
            throw new MusterException(e.code(), "url in etc/muster.broker.cfg: " + e.getMessage(), e);
        }
    }
}
