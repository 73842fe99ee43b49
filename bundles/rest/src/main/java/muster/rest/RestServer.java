package muster.rest;

import java.time.Duration;
import muster.api.AccessService;
import muster.api.AuditService;
import muster.api.ClusterService;
import muster.api.JobService;
import muster.api.MusterException;
import muster.api.ObjectService;
import muster.api.Quantity;
import muster.api.language.WorkflowService;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves REST while the manager's services are there: first everything is in place, then the port is opened. */
@Component(
        service = {},
        immediate = true,
        configurationPid = RestServer.PID)
@Designate(ocd = RestServer.Settings.class)
public final class RestServer {
    static final String PID = "muster.rest";

    private static final Logger LOG = LoggerFactory.getLogger(RestServer.class);
    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final Duration IDLE = Duration.ofSeconds(30);

    /** Where REST listens. */
    @ObjectClassDefinition(name = "Muster: REST", description = "Where REST listens, with HTTPS alone")
    @interface Settings {
        @AttributeDefinition(description = "Address to listen on; 0.0.0.0 for all of this machine's")
        String host() default "0.0.0.0";

        @AttributeDefinition(description = "Port to listen on")
        int port() default 7070;

        @AttributeDefinition(description = "How large the specification of a job may be, such as 64MiB")
        String request_size() default "64MiB";

        @AttributeDefinition(
                description =
                        "How long the header of a request may take to come, and the time over which 1 KiB a second"
                                + " of its body must come, such as 20s; who is slower is cut off")
        String request_time() default "20s";

        @AttributeDefinition(description = "How long after its last request the session of a browser ends, such as 30m")
        String session_idle() default "30m";

        @AttributeDefinition(description = "How long after its login it ends in any case, such as 12h")
        String session_life() default "12h";

        @AttributeDefinition(description = "How many connections there may be at a time; further ones wait")
        int connections() default 4096;
    }

    private final Api api;
    private final AccessService access;
    private final Settings settings;
    private final HttpsListener.Bounds bounds;
    private final Object lock = new Object();
    private @Nullable HttpsListener listener;
    private boolean closed;
    private String told = "";

    @Activate
    public RestServer(
            @Reference JobService jobs,
            @Reference WorkflowService workflows,
            @Reference ClusterService cluster,
            @Reference AccessService access,
            @Reference ObjectService objects,
            @Reference AuditService audit,
            Settings settings) {
        this.access = access;
        this.settings = settings;
        this.bounds =
                new HttpsListener.Bounds(IDLE, Quantity.parseDuration(settings.request_time()), settings.connections());
        var sessions = new Sessions(
                Quantity.parseDuration(settings.session_idle()),
                Quantity.parseDuration(settings.session_life()),
                System::nanoTime);
        this.api = new Api(
                jobs,
                workflows,
                cluster,
                access,
                objects,
                audit,
                sessions,
                Quantity.parseBytes(settings.request_size()));
        listen();
    }

    /** Opens the port; where that fails, says so once and tries again until it can. */
    private void listen() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            try {
                var tls = access.tls(settings.host()).orElse(null);
                listener = HttpsListener.start(settings.host(), settings.port(), tls, bounds, api.servlet());
                LOG.info(
                        "REST answers at {}://{}:{}/api/v1",
                        tls == null ? "http" : "https",
                        settings.host(),
                        listener.port());
            } catch (MusterException e) {
                var message = String.valueOf(e.getMessage());
                if (!message.equals(told)) {
                    told = message;
                    LOG.error("REST does not listen: {}", message);
                    LOG.debug("because", e);
                }
                api.after(RETRY).execute(this::listen);
            }
        }
    }

    @Deactivate
    void close() {
        synchronized (lock) {
            closed = true;
            if (listener != null) {
                listener.close();
            }
        }
        api.close();
    }
}
