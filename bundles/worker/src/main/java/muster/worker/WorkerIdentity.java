package muster.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.transport.NodeIdentity;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Enrols this worker at the manager, once, and then registers its {@link NodeIdentity} with the properties
 * {@code muster.role=worker} and {@value #BROKER}. As long as the manager or the join token are not there, it waits.
 * From then on it renews the certificate before it ends.
 */
@Component(
        service = {},
        immediate = true,
        configurationPid = WorkerConfiguration.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = WorkerConfiguration.class)
public final class WorkerIdentity {
    /** Service property: URL of the broker, as the manager said. */
    static final String BROKER = "muster.broker";

    private static final Logger LOG = LoggerFactory.getLogger(WorkerIdentity.class);
    private static final Duration FIRST_RETRY = Duration.ofMillis(250);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(5);
    private static final Duration REFUSED_RETRY = Duration.ofSeconds(10);

    private final BundleContext context;
    private final Settings settings;
    private final @Nullable Thread thread;
    private @Nullable ServiceRegistration<NodeIdentity> registration;
    private boolean stopped;

    @Activate
    public WorkerIdentity(BundleContext context, WorkerConfiguration configuration) {
        this.context = context;
        settings = Settings.of(configuration, context::getProperty);
        if (!settings.enabled()) {
            LOG.info("This node does not work: key 'enabled' of {} is false", WorkerConfiguration.PID);
            thread = null;
            return;
        }
        thread = new Thread(this::identify, "muster-worker-identity");
        thread.setDaemon(true);
        thread.start();
    }

    @Deactivate
    void stop() {
        ServiceRegistration<NodeIdentity> registered;
        synchronized (this) {
            stopped = true;
            registered = registration;
        }
        if (registered != null) {
            registered.unregister();
        }
        if (thread != null) {
            thread.interrupt();
        }
    }

    private void identify() {
        try {
            var credentials = credentials(settings, LONGEST_RETRY, REFUSED_RETRY);
            register(credentials);
            var renewal = new Renewal(credentials, settings.managers(), Clock.systemUTC());
            while (!isStopped()) {
                renewal.renewIfDue();
                TimeUnit.MILLISECONDS.sleep(Renewal.INTERVAL.toMillis());
            }
        } catch (MusterException e) {
            LOG.error("Worker '{}' cannot start: {}", settings.id(), e.getMessage());
        } catch (InterruptedException e) {
            LOG.debug("Worker '{}' stopped", settings.id());
        }
    }

    private synchronized boolean isStopped() {
        return stopped;
    }

    private void register(Credentials credentials) {
        var broker = Optional.ofNullable(settings.broker()).orElse(credentials.broker());
        var properties = Map.of(NodeIdentity.ROLE, "worker", BROKER, broker.toString());
        synchronized (this) {
            if (stopped) {
                return;
            }
        }
        // not under the lock: this starts the worker
        var registered = context.registerService(
                NodeIdentity.class, credentials.identity(), FrameworkUtil.asDictionary(properties));
        synchronized (this) {
            if (!stopped) {
                registration = registered;
                return;
            }
        }
        registered.unregister();
    }

    /** What the worker kept, or else what it gets from the manager; waits for it. */
    static Credentials credentials(Settings settings, Duration longestRetry, Duration refusedRetry)
            throws InterruptedException {
        var kept = Credentials.load(settings.security());
        if (kept.isPresent()) {
            var id = kept.get().identity().id();
            if (settings.idGiven() && !id.equals(settings.id())) {
                throw MusterException.conflict("the key in '" + settings.security() + "' is that of worker '" + id
                        + "', not of '" + settings.id()
                        + "'; correct the id, or delete the files worker* there to enrol anew");
            }
            return kept.get();
        }
        var retry = FIRST_RETRY;
        var told = "";
        while (true) {
            MusterException failure;
            try {
                var enrolment = Enrolment.request(settings.managers(), token(settings), settings.id());
                var credentials = Credentials.store(settings.security(), settings.id(), enrolment);
                LOG.info("Worker '{}' enrolled at manager '{}'", settings.id(), enrolment.manager());
                return credentials;
            } catch (MusterException e) {
                failure = e;
            }
            var waits = failure.code() == ErrorCode.UNAVAILABLE || failure.code() == ErrorCode.NOT_FOUND;
            var message = String.valueOf(failure.getMessage());
            if (!message.equals(told)) {
                told = message;
                if (waits) {
                    LOG.info("Worker '{}' waits: {}", settings.id(), message);
                } else {
                    LOG.error("Worker '{}' cannot enrol and tries again later: {}", settings.id(), message);
                }
            }
            TimeUnit.MILLISECONDS.sleep((waits ? retry : refusedRetry).toMillis());
            retry = shorter(retry.multipliedBy(3).dividedBy(2), longestRetry);
        }
    }

    private static JoinToken token(Settings settings) {
        var file = settings.tokenFile();
        if (!settings.token().isEmpty()) {
            return JoinToken.parse(settings.token(), "key 'token' of " + WorkerConfiguration.PID);
        }
        if (file == null) {
            throw MusterException.invalid(
                    "it has no join token; set key 'token.file' or 'token' of " + WorkerConfiguration.PID);
        }
        try {
            return JoinToken.parse(Files.readString(file), "'" + file + "'");
        } catch (NoSuchFileException e) {
            throw new MusterException(ErrorCode.NOT_FOUND, "join token '" + file + "' is not there yet", e);
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.INVALID, "cannot read join token '" + file + "': " + e + "; make it readable", e);
        }
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
