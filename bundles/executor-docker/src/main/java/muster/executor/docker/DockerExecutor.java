package muster.executor.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import muster.api.AttemptId;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.Executor;
import muster.api.executor.Outcomes;
import muster.api.executor.Session;
import muster.executor.docker.Plan.Owner;
import muster.executor.docker.Run.Stop;
import muster.executor.docker.Settings.Mapping;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The executor {@code docker}: runs commands in containers of a Docker Engine, or of Podman, on this machine. */
@Component(
        service = Executor.class,
        configurationPid = "muster.executor.docker",
        property = Executor.NAME + "=" + DockerExecutor.KIND)
@Designate(ocd = DockerExecutor.Configuration.class)
public final class DockerExecutor implements Executor {
    static final String KIND = "docker";

    /** What the daemon names a container's host, unless told otherwise. */
    private static final Pattern CONTAINER = Pattern.compile("[0-9a-f]{12}");

    private static final Logger LOG = LoggerFactory.getLogger(DockerExecutor.class);
    private static final Duration PATIENCE = Duration.ofMillis(500);

    /** For how long a daemon that was there may be too busy to answer. */
    private static final Duration BUSY_PATIENCE = Duration.ofSeconds(10);

    private static final Duration LONG_PATIENCE = Duration.ofSeconds(30);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

    /** Its settings. */
    @ObjectClassDefinition(
            name = "Muster docker executor",
            description = "Runs commands in containers of a Docker Engine or Podman")
    public @interface Configuration {
        @AttributeDefinition(description = "The daemon's Unix socket")
        String socket() default "/run/docker.sock";

        @AttributeDefinition(
                description = "Time between SIGTERM and SIGKILL when an attempt is ended, in whole seconds")
        String grace() default "5s";

        @AttributeDefinition(
                description = "When images are fetched: always, missing (when one is not here) or never; a task may"
                        + " choose another, except where this says never")
        String pull() default "missing";

        @AttributeDefinition(
                description = "File with credentials of registries, in the form of Docker's config.json. Empty: none")
        String credentials() default "";

        @AttributeDefinition(
                description = "Who tasks run as: worker for the worker's own ids, image for what the image says, task"
                        + " to let tasks choose, or ids such as 1000:1000")
        String user() default "worker";

        @AttributeDefinition(
                description = "Network modes that tasks may ask for, comma separated; the first is what they get")
        String networks() default "none,bridge";

        @AttributeDefinition(
                description = "Folders that tasks may mount, comma separated, with :rw behind those that they may write"
                        + " to. Empty: their own workspace alone")
        String binds() default "";

        @AttributeDefinition(
                description = "Where folders of this worker are for the daemon, when the worker itself runs in a"
                        + " container: /path/of/the/worker=/path/of/the/daemon, comma separated. Empty: as the daemon"
                        + " says of the container that is named as this host")
        String paths() default "";

        @AttributeDefinition(description = "The most processes in a container; 0 for no limit")
        long processes() default 4096;

        @AttributeDefinition(
                description = "Folder with the mark by which this worker's containers are known; empty for"
                        + " ${karaf.data}/executor-docker")
        String data() default "";
    }

    private final Daemon daemon;
    private final Shared shared;
    private final Map<AttemptId, Run> runs = new ConcurrentHashMap<>();
    private final Map<Session, WarmContainers> sessions = new ConcurrentHashMap<>();
    private final AtomicLong sessionNumbers = new AtomicLong();
    private volatile boolean closed;

    /** Whether containers of a former time may be there. */
    private volatile boolean sweep = true;

    /** What daemon it is; empty while that is not known. */
    private volatile String description = "";

    private volatile @Nullable CompletableFuture<Reply> describing;
    private volatile @Nullable Ping pinging;
    private volatile boolean podman;

    @Activate
    public DockerExecutor(Configuration configuration) {
        this(Settings.of(configuration), Path.of(configuration.socket()), data(configuration));
    }

    private static Path data(Configuration configuration) {
        return configuration.data().isEmpty()
                ? Path.of(System.getProperty("karaf.data", "data"), "executor-docker")
                : Path.of(configuration.data());
    }

    DockerExecutor(Settings settings, Path socket, Path data) {
        var owner = new Owner(mark(data), UUID.randomUUID().toString(), ownIds());
        daemon = new Daemon(socket);
        shared = new Shared(settings, owner);
    }

    private static String mark(Path data) {
        var file = data.resolve("owner");
        try {
            if (!Files.exists(file)) {
                Files.createDirectories(data);
                Files.writeString(file, UUID.randomUUID().toString());
            }
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write '" + file + "'; name another folder for data", e);
        }
    }

    private static String ownIds() {
        try {
            var self = Files.readAttributes(Path.of("/proc/self"), "unix:uid,gid");
            return self.get("uid") + ":" + self.get("gid");
        } catch (IOException e) {
            throw new UncheckedIOException("the worker's own user cannot be told", e);
        }
    }

    @Override
    public Availability probe() {
        var asked = pinging;
        if (asked == null) {
            asked = new Ping(ask("/_ping"), System.nanoTime());
            pinging = asked;
        }
        var ping = await(asked.answer, PATIENCE);
        if (asked.answer.isDone()) {
            pinging = null;
        }
        var busy = !asked.answer.isDone() && !description.isEmpty() && !asked.isOlderThan(BUSY_PATIENCE);
        if (!ping.ok() && !busy) {
            description = "";
            sweep = true;
            return Availability.no("no Docker or Podman answers at " + daemon.socket + " (" + ping.message()
                    + "); start it, set socket in muster.executor.docker.cfg, and let this worker's user write there");
        }
        if (description.isEmpty() && !describe()) {
            return Availability.no("the daemon at " + daemon.socket + " answers, but does not say yet what it is");
        }
        if (sweep) {
            sweep = false;
            daemon.post(this::removeOrphans);
        }
        var progress = shared.images.progress();
        return Availability.yes(description + (progress.isEmpty() ? "" : "; " + progress));
    }

    /** Asks what daemon this is and what it cannot do; false if that takes it long, as it does Podman at its start. */
    private boolean describe() {
        var asked = describing;
        if (asked == null || (asked.isDone() && !asked.join().ok())) {
            asked = ask("/version")
                    .thenCombine(ask("/info"), (version, info) -> merged(version, "Info", info))
                    .thenCombine(askOfOwnContainer(), (version, own) -> merged(version, "Own", own));
            describing = asked;
        }
        var reply = await(asked, PATIENCE);
        if (!reply.ok()) {
            return false;
        }
        describing = null;
        shared.runsIn(reply.json().path("Own"));
        podman = isPodman(reply.json());
        description = (podman ? "Podman " : "Docker ")
                + reply.json().path("Version").asText("of unknown version") + " at " + daemon.socket
                + weaknesses(reply.json().path("Info"));
        return true;
    }

    private static Reply merged(Reply version, String name, Reply more) {
        if (!version.ok() || !(version.json() instanceof ObjectNode all)) {
            return new Reply(0, version.message());
        }
        all.set(name, more.json());
        return new Reply(version.status(), all.toString());
    }

    /** About the container that the worker itself runs in, if it does: its id begins with the name of this host. */
    private CompletableFuture<Reply> askOfOwnContainer() {
        try {
            var host = Files.readString(Path.of("/etc/hostname")).strip();
            if (CONTAINER.matcher(host).matches()) {
                return ask("/containers/" + host + "/json");
            }
        } catch (IOException e) {
            LOG.debug("This host has no name", e);
        }
        return CompletableFuture.completedFuture(new Reply(200, "{}"));
    }

    private static boolean isPodman(JsonNode version) {
        for (var component : version.path("Components")) {
            if (component.path("Name").asText().startsWith("Podman")) {
                return true;
            }
        }
        return false;
    }

    /** What it cannot do that tasks may ask for. */
    private static String weaknesses(JsonNode info) {
        var weak = new ArrayList<String>();
        new TreeMap<>(Map.of("MemoryLimit", "memory", "CpuCfsQuota", "cores", "PidsLimit", "processes"))
                .forEach((key, name) -> {
                    if (!info.path(key).asBoolean(true)) {
                        weak.add(name);
                    }
                });
        return weak.isEmpty() ? "" : "; it cannot limit " + String.join(", ", weak) + " on this machine";
    }

    private CompletableFuture<Reply> ask(String path) {
        var answer = new CompletableFuture<Reply>();
        daemon.post(() -> daemon.call("GET", path, null, LONG_PATIENCE, answer::complete));
        return answer;
    }

    private static Reply await(CompletableFuture<Reply> answer, Duration patience) {
        try {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Reply(0, "interrupted");
        } catch (ExecutionException | TimeoutException e) {
            return new Reply(0, "no answer within " + patience.toMillis() + " ms");
        }
    }

    private void removeOrphans() {
        var filter = Reply.JSON.createObjectNode();
        filter.putArray("label").add(Plan.OWNER + "=" + shared.owner.token());
        var path = "/containers/json?all=true&filters=" + Images.encode(filter.toString());
        daemon.call("GET", path, null, null, reply -> {
            if (!reply.ok()) {
                sweep = true;
                return;
            }
            for (var container : reply.json()) {
                var labels = container.path("Labels");
                var name = labels.path(Plan.NAME).asText();
                if (!labels.path(Plan.INSTANCE).asText().equals(shared.owner.instance())
                        || !shared.names.contains(name)) {
                    removeOrphan(container.path("Id").asText(), name);
                }
            }
        });
    }

    private void removeOrphan(String id, String name) {
        // killed first: Podman would wait for it to end by itself
        daemon.call(
                "POST",
                "/containers/" + id + "/kill",
                null,
                null,
                killed -> Container.removeContainer(daemon, id, reply -> {
                    if (reply.ok() || reply.status() == 404) {
                        LOG.info("Removed the container that {} left", name);
                    } else {
                        sweep = true;
                    }
                }));
    }

    @Override
    public void start(List<Attempt> attempts, Outcomes outcomes) {
        for (var attempt : attempts) {
            var run = new Run(attempt, outcomes, shared, this::place, ended -> runs.remove(ended.id(), ended));
            runs.put(attempt.id(), run);
            daemon.post(closed ? () -> run.stop(Stop.SHUTDOWN) : run::begin);
        }
    }

    private Place place(Plan plan, Run run) {
        var session = run.attempt().session();
        return session == null
                ? new Container(run.id().toString(), plan, run, shared)
                : new Exec(plan, run, Objects.requireNonNull(sessions.get(session)), shared);
    }

    @Override
    public void open(Session session) {
        var name = session.id() + "#" + sessionNumbers.incrementAndGet();
        sessions.put(session, new WarmContainers(name, shared));
    }

    @Override
    public void close(Session session) {
        var containers = sessions.remove(session);
        if (containers != null && !closed) {
            var empty = new CountDownLatch(1);
            daemon.post(() -> containers.close(empty::countDown));
            await(empty);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(CLOSE_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                LOG.warn("The daemon does not remove containers; some may be left");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void cancel(Attempt attempt) {
        var run = runs.get(attempt.id());
        if (run != null) {
            daemon.post(() -> run.stop(Stop.CANCEL));
        }
    }

    /** Kills what runs, and waits until that is told. */
    @Deactivate
    void close() {
        closed = true;
        var deadline = System.nanoTime() + CLOSE_PATIENCE.toNanos();
        runs.values().forEach(run -> daemon.post(() -> run.stop(Stop.SHUTDOWN)));
        sessions.values().forEach(containers -> daemon.post(() -> containers.close(() -> {})));
        try {
            while (!(runs.isEmpty() && shared.names.isEmpty()) && System.nanoTime() - deadline < 0) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        daemon.close();
        runs.values().forEach(Run::abandon);
    }

    /** A question whether the daemon is there; the next is asked when it is answered. */
    private record Ping(CompletableFuture<Reply> answer, long sinceNanos) {
        boolean isOlderThan(Duration age) {
            return System.nanoTime() - sinceNanos > age.toNanos();
        }
    }

    /** What its containers share. */
    private final class Shared implements Container.Host {
        private final Owner owner;
        private final Images images;
        private final Gate gate;

        /** What containers there may be. */
        private final Set<String> names = ConcurrentHashMap.newKeySet();

        private volatile Settings settings;

        Shared(Settings settings, Owner owner) {
            this.settings = settings;
            this.owner = owner;
            images = new Images(daemon, settings.credentials());
            gate = new Gate(daemon, Math.max(4, Runtime.getRuntime().availableProcessors()));
        }

        /** @param container that the worker is in, as the daemon tells it; without mounts if it is in none */
        void runsIn(JsonNode container) {
            var mappings = Mapping.ofMounts(container.path("Mounts"));
            if (settings.mappings().isEmpty() && !mappings.isEmpty()) {
                settings = settings.withMappings(mappings);
                LOG.info("The worker runs in a container of this daemon, which finds its folders at {}", mappings);
            }
        }

        @Override
        public Daemon daemon() {
            return daemon;
        }

        @Override
        public Images images() {
            return images;
        }

        @Override
        public Gate gate() {
            return gate;
        }

        @Override
        public Settings settings() {
            return settings;
        }

        @Override
        public Owner owner() {
            return owner;
        }

        @Override
        public boolean tellsMemory() {
            return !podman;
        }

        @Override
        public void adds(String name) {
            names.add(name);
        }

        @Override
        public void removed(String name, boolean left) {
            names.remove(name);
            if (left) {
                sweep = true;
            }
        }
    }
}
