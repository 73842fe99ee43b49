package muster.manager;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import muster.api.AccessService;
import muster.api.ClusterService;
import muster.api.ErrorCode;
import muster.api.JobService;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.ObjectService;
import muster.api.Quantity;
import muster.api.WorkerState;
import muster.data.Buckets;
import muster.data.DataPlane;
import muster.manager.scheduler.Settings;
import muster.manager.security.ManagerSecurity;
import muster.manager.security.Passwords;
import muster.manager.security.Realm;
import muster.manager.store.Database;
import muster.manager.store.PostgresqlDatabase;
import muster.manager.store.SqlStore;
import muster.manager.store.SqliteDatabase;
import muster.transport.BrokerAddress;
import muster.transport.Links;
import muster.transport.NodeIdentity;
import org.apache.karaf.features.FeaturesService;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;

/**
 * Wires the manager once the broker listens, and offers its services once it holds the store's lease and its state is
 * rebuilt.
 */
@Component(
        service = {},
        immediate = true,
        configurationPid = ManagerConfig.PID)
@Designate(ocd = ManagerConfig.class)
public final class ManagerComponent {
    private static final Duration PREFETCH_TIME = Duration.ofMillis(200);

    private final Leadership leadership = new Leadership();
    private final Election election;
    private final Object registering = new Object();
    private List<ServiceRegistration<?>> registrations = List.of();

    @Activate
    public ManagerComponent(
            BundleContext context,
            ManagerConfig config,
            @Reference ManagerSecurity security,
            @Reference BrokerAddress broker,
            @Reference Links links,
            @Reference DataPlane plane,
            @Reference Buckets buckets,
            @Reference Languages languages,
            @Reference FeaturesService features) {
        var leases = new Leases(Quantity.parseDuration(config.heartbeat()), Quantity.parseDuration(config.lease()));
        var settings = new Settings(config.crashes(), config.prefetch(), PREFETCH_TIME);
        var retention = new Retention(Quantity.parseDuration(config.retention()), config.retention_jobs());
        var limits = new Quotas.Limits(config.limit_jobs(), config.limit_tasks(), config.limit_submits());
        var expected = list(config.nodes());
        var shared = sharedFolders(config.shared());
        var version = context.getBundle().getVersion().toString();
        var passwords = new Passwords(
                config.passwords().isBlank() ? null : Path.of(config.passwords().strip()),
                config.passwords_realm().isBlank()
                        ? null
                        : new Realm(config.passwords_realm().strip(), Realm.roles(config.passwords_roles())),
                Clock.systemUTC());
        var access = security.access(() -> advertised(broker, config.address()), this::online, passwords, leadership);
        election = new Election(
                () -> new SqlStore(database(config)),
                config.id(),
                config.url().isEmpty() ? "https://" + config.address() + ":7070" : config.url(),
                config.store().isEmpty() ? Duration.ZERO : Quantity.parseDuration(config.takeover()),
                seen -> {
                    leadership.standBy(seen);
                    register(context, access);
                },
                store -> {
                    security.lead(store);
                    var manager = new Manager(
                            Clock.systemUTC(),
                            System::nanoTime,
                            store,
                            settings,
                            leases,
                            limits,
                            expected,
                            security.taskSecrets());
                    var jobs = new Jobs(manager);
                    var files = files(plane, security.identity(), config, manager, jobs, security::turnedAway, buckets);
                    // which of several it is, a worker cannot know
                    manager.files(files, config.security_key().isEmpty() ? "" : config.address());
                    manager.grants(security::grants);
                    security.whenGrantsChange(manager::grantsChanged);
                    var link = links.openManager(
                            broker,
                            security.identity(),
                            broker.external() ? security.trial() : null,
                            new KnownWorkers(manager.workers, security::turnedAway));
                    manager.start(link);
                    if (broker.external()) {
                        security.whenRevoked(link::revoked);
                    }
                    var unused = Quantity.parseDuration(config.data_unused());
                    var pruner = new Pruner(
                            manager,
                            jobs,
                            retention,
                            unused.isZero() ? null : new Sweeper(store, files, unused, Clock.systemUTC()));
                    leadership.begin(
                            jobs,
                            new Cluster(
                                    manager,
                                    config.id(),
                                    version,
                                    broker,
                                    expected,
                                    shared,
                                    security::revoke,
                                    new Features(features::listFeatures)),
                            files);
                    languages.jobs(jobs);
                    manager.drivers.use(languages);
                    register(context, access);
                    return () -> {
                        languages.jobs(null);
                        leadership.end();
                        security.whenGrantsChange(() -> {});
                        security.whenRevoked(revoked -> {});
                        security.standBy();
                        pruner.close();
                        manager.close();
                    };
                });
    }

    /** Whether a worker has a lease, so that nobody else may join by its id. */
    private boolean online(String worker) {
        try {
            var state = leadership.cluster().worker(worker).state();
            return state == WorkerState.ONLINE || state == WorkerState.DRAINING;
        } catch (MusterException e) {
            if (e.code() == ErrorCode.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    /** Offers the services, once: what REST publishes stays, whoever leads. */
    private void register(BundleContext context, AccessService access) {
        synchronized (registering) {
            if (registrations.isEmpty()) {
                registrations = List.of(
                        context.registerService(JobService.class, leadership.jobs(), null),
                        context.registerService(ClusterService.class, leadership.cluster(), null),
                        context.registerService(ObjectService.class, leadership.objects(), null),
                        context.registerService(AccessService.class, access, null));
            }
        }
    }

    /** What the jobs are in, as the settings say. */
    static Database database(ManagerConfig config) {
        if (config.store().isEmpty()) {
            return new SqliteDatabase(data(config).resolve("muster.db"));
        }
        var password = "";
        if (!config.store_password_file().isEmpty()) {
            try {
                password =
                        Files.readString(Path.of(config.store_password_file())).strip();
            } catch (IOException e) {
                throw new MusterException(
                        ErrorCode.UNAVAILABLE,
                        "store.password.file " + config.store_password_file() + " cannot be read: " + e.getMessage()
                                + "; make it readable for the manager's user",
                        e);
            }
        }
        return new PostgresqlDatabase(config.store(), config.store_user(), password);
    }

    static Path data(ManagerConfig config) {
        return config.data().isEmpty()
                ? Path.of(System.getProperty("karaf.data", "data"), "muster")
                : Path.of(config.data());
    }

    /** Where files are, as the settings say. */
    private static ManagerFiles.Keep keep(ManagerConfig config, Buckets buckets) {
        var unused = Quantity.parseDuration(config.data_unused());
        if (config.data_store().isEmpty()) {
            return new ManagerFiles.Keep(null, Long.MAX_VALUE, unused, Clock.systemUTC());
        }
        var endpoint = config.data_store_endpoint();
        var secret = config.data_store_secret_file();
        var bucket = buckets.open(new Buckets.Place(
                URI.create(config.data_store()),
                endpoint.isEmpty() ? null : URI.create(endpoint),
                config.data_store_region(),
                config.data_store_key(),
                secret.isEmpty() ? null : Path.of(secret)));
        return new ManagerFiles.Keep(bucket, Quantity.parseBytes(config.data_store_cache()), unused, Clock.systemUTC());
    }

    private static ManagerFiles files(
            DataPlane plane,
            NodeIdentity identity,
            ManagerConfig config,
            Manager manager,
            JobService jobs,
            Predicate<String> turnedAway,
            Buckets buckets) {
        try {
            return new ManagerFiles(
                    plane,
                    identity,
                    config.data_host(),
                    config.data_port(),
                    data(config),
                    jobs,
                    new KnownAttempts(manager),
                    turnedAway,
                    keep(config, buckets));
        } catch (IOException e) {
            manager.close();
            throw new MusterException(ErrorCode.UNAVAILABLE, "the manager cannot serve files: " + e.getMessage(), e);
        } catch (MusterException e) {
            manager.close();
            throw e;
        }
    }

    /** The broker's address as workers reach it: an embedded broker listens on a wildcard or loopback address. */
    private static String advertised(BrokerAddress broker, String address) {
        var server = broker.servers().get(0);
        var host = server.getHost();
        var local = host.equals("0.0.0.0") || host.equals("127.0.0.1") || host.equals("localhost");
        return local && broker.servers().size() == 1 ? "tcp://" + address + ":" + server.getPort() : broker.toString();
    }

    /** Folders by whole paths, without what is superfluous in them. */
    static List<String> sharedFolders(String commaSeparated) {
        return list(commaSeparated).stream()
                .map(folder -> {
                    var path = Path.of(folder);
                    if (!path.isAbsolute() || path.normalize().getNameCount() == 0) {
                        throw MusterException.invalid("shared names '" + Names.escape(folder)
                                + "', which is no folder below /; write such as /home,/scratch");
                    }
                    return path.normalize().toString();
                })
                .toList();
    }

    static List<String> list(String commaSeparated) {
        return Arrays.stream(commaSeparated.split(",", -1))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .toList();
    }

    @Deactivate
    void deactivate() {
        election.close();
        synchronized (registering) {
            registrations.forEach(ServiceRegistration::unregister);
        }
    }
}
