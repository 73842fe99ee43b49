package muster.cli.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import muster.cli.client.Client;
import muster.cli.client.Configuration;
import muster.cli.client.Connection;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.Json;
import muster.cli.client.Plaintext;
import muster.cli.client.Token;
import muster.cli.terminal.Progress;
import muster.cli.terminal.Terminal;
import muster.cli.terminal.Times;
import org.jspecify.annotations.Nullable;

/** A cluster of real processes on this machine, all of it in one folder. */
public final class LocalCluster {
    private static final Duration START_LIMIT = Duration.ofMinutes(2);
    private static final Duration JOIN_LIMIT = Duration.ofSeconds(30);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final int MANY = 256;

    private final Path dir;
    private final Terminal terminal;
    private final Map<String, String> environment;
    private final Processes processes;
    private final Map<Node, Process> started = new ConcurrentHashMap<>();

    public LocalCluster(Path dir, Terminal terminal, Map<String, String> environment) {
        this.dir = dir.toAbsolutePath().normalize();
        this.terminal = terminal;
        this.environment = Map.copyOf(environment);
        this.processes = Processes.ofMachine();
    }

    /**
     * What is asked of a cluster.
     *
     * @param workers null for as many as it had, or else two
     * @param slots cores that each worker offers; null for an equal share of this machine's
     * @param current whether the client shall find it without flags
     */
    public record Request(
            @Nullable Integer workers, @Nullable Integer slots, boolean current) {
        public Request {
            if (workers != null && (workers < 0 || workers > MANY)) {
                throw Failure.user("--workers " + workers + " is outside 0 to " + MANY + "; write such as 2");
            }
            if (slots != null && slots < 1) {
                throw Failure.user("--slots " + slots + " is not positive; write such as 2");
            }
        }
    }

    /**
     * A cluster that is up.
     *
     * @param found whether all of it was there before
     * @param nodes process ids by name
     */
    public record Up(Path dir, Connection connection, Map<String, Long> nodes, boolean found, Duration time) {
        /** For {@code --json}; without the token. */
        public ObjectNode json() {
            var json = Json.object()
                    .put("dir", dir.toString())
                    .put("url", connection.url())
                    .put("found", found);
            var all = json.putObject("nodes");
            nodes.forEach(all::put);
            return json;
        }
    }

    /**
     * A worker that is to join a manager elsewhere.
     *
     * @param token its join token; null if it has joined before
     * @param slots cores that it offers; null for all
     */
    public record Join(
            String id,
            String manager,
            @Nullable String token,
            @Nullable Integer slots) {
        public Join {
            if (!id.matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")) {
                throw Failure.user("--id '" + Terminal.safe(id)
                        + "' is not allowed; use up to 64 letters, digits, '.', '_' or '-'");
            }
            if (!manager.startsWith("https://")) {
                throw Failure.user("--manager '" + Terminal.safe(manager)
                        + "' is not the address of a manager; write such as https://10.0.0.1:7070");
            }
            token = token == null ? null : new Token(token.strip()).text();
        }

        /** Without the token. */
        @Override
        public String toString() {
            return "Join[" + id + ", " + manager + "]";
        }
    }

    /** @param enrolled whether it has its certificate; if not, it waits for the manager */
    public record Joined(String id, Path base, boolean enrolled) {}

    /** Starts one worker in this folder, and waits a while for it to join. */
    public Joined join(Installation installation, Join join) {
        var node = new Node(join.id(), Role.WORKER, dir.resolve(join.id()));
        var certificate = node.base().resolve("security/worker.p12");
        try {
            Files.createDirectories(
                    dir, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            if (running().containsKey(join.id())) {
                throw Failure.user("worker '" + join.id() + "' runs already in " + dir + "; stop it with: muster down"
                        + " --dir " + dir);
            }
            if (join.token() == null && !Files.exists(certificate)) {
                throw Failure.user("worker '" + join.id() + "' has not joined yet and needs a join token; make one with"
                        + " 'muster token create --worker' and give it by --token or --token-file");
            }
            var settings = settings(join, node);
            var home = installation.home(Role.WORKER);
            node.prepare(home, settings);
            if (join.token() != null) {
                write(join.id() + "/join.token", join.token());
            }
            var process = node.start(home, installation.warm(Role.WORKER), environment, settings);
            var deadline = System.nanoTime() + JOIN_LIMIT.toNanos();
            while ((!Files.exists(certificate) || !running().containsKey(join.id())) && System.nanoTime() < deadline) {
                requireAlive(node, process);
                pause();
            }
            var enrolled = Files.exists(certificate);
            if (enrolled) {
                Files.deleteIfExists(node.base().resolve("join.token"));
            }
            return new Joined(join.id(), node.base(), enrolled);
        } catch (IOException e) {
            throw Failure.external("cannot start a worker in " + node.base() + ": " + e, e);
        }
    }

    private static Map<String, Map<String, String>> settings(Join join, Node node) {
        var values = new LinkedHashMap<String, String>();
        values.put("enabled", "true");
        values.put("id", join.id());
        values.put("manager", join.manager());
        values.put("token", "");
        values.put("token.file", node.base().resolve("join.token").toString());
        if (join.slots() != null) {
            values.put("slots", join.slots().toString());
        }
        return Map.of("muster.worker", values);
    }

    public Path dir() {
        return dir;
    }

    /** The nodes that run: process ids by name. */
    public Map<String, Long> running() {
        return processes.nodes(dir);
    }

    /** Starts what is missing and waits until it is ready; on failure stops what it started. */
    public Up up(Installation installation, Request request) {
        var begin = System.nanoTime();
        var guard = new Thread(this::killStarted, "up-guard");
        try {
            Files.createDirectories(
                    dir, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwx------"));
            Runtime.getRuntime().addShutdownHook(guard);
            try (var channel =
                            FileChannel.open(dir.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    var lock = lock(channel)) {
                return up(installation, request, begin);
            } catch (Failure failure) {
                killStarted();
                throw failure;
            }
        } catch (IOException e) {
            killStarted();
            throw new Failure(
                    ExitCode.EXTERNAL,
                    "cannot set up a cluster in " + dir + ": " + e + "; see that it is writable and has room",
                    List.of(),
                    e);
        } finally {
            started.clear();
            removeHook(guard);
        }
    }

    private static void removeHook(Thread guard) {
        try {
            Runtime.getRuntime().removeShutdownHook(guard);
        } catch (IllegalStateException e) {
            // the machine is going down, and the guard has done its work
        }
    }

    private FileLock lock(FileChannel channel) throws IOException {
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw Failure.user("another 'muster up' or 'down' is at work in " + dir + "; wait for it");
        }
        return lock;
    }

    private Up up(Installation installation, Request request, long begin) throws IOException {
        var before = remembered();
        var running = running();
        var workers = request.workers() != null
                ? request.workers()
                : before.path("workers").asInt(2);
        var nodes = nodes(workers);
        var missing =
                nodes.stream().filter(node -> !running.containsKey(node.name())).toList();
        var ports = new Ports(
                before.path("rest").asInt(Ports.DEFAULT.rest()),
                before.path("broker").asInt(Ports.DEFAULT.broker()));
        if (!running.containsKey("manager")) {
            var free = ports.orFree();
            if (!free.equals(ports) && !before.isEmpty()) {
                // workers know the broker by where it was when they joined
                forgetJoining(running);
                return startAll(installation, request, nodes, nodes, workers, free, begin);
            }
            ports = free;
        }
        return startAll(installation, request, nodes, missing, workers, ports, begin);
    }

    /** Makes the workers join again: those that run are stopped, and all forget their certificates. */
    private void forgetJoining(Map<String, Long> running) throws IOException {
        stop(running.values(), STOP_LIMIT);
        for (var node : existing()) {
            if (node.role() == Role.WORKER) {
                Node.delete(node.base().resolve("security"));
            }
        }
    }

    private Up startAll(
            Installation installation,
            Request request,
            List<Node> nodes,
            List<Node> missing,
            int workers,
            Ports ports,
            long begin)
            throws IOException {
        for (var node : missing) {
            var home = installation.home(node.role());
            var settings = settings(node, ports, workers, request.slots());
            node.prepare(home, settings);
            started.put(node, node.start(home, installation.warm(node.role()), environment, settings));
        }
        write(
                "cluster.json",
                Json.object().put("workers", workers).put("rest", ports.rest()).put("broker", ports.broker()));
        var connection = awaitReady(ports, nodes);
        write(
                "client.json",
                Json.object()
                        .put("url", connection.url())
                        .put("token", connection.token().text()));
        if (request.current()) {
            point();
        }
        return new Up(dir, connection, running(), missing.isEmpty(), Duration.ofNanos(System.nanoTime() - begin));
    }

    private List<Node> nodes(int workers) {
        var nodes = new ArrayList<Node>();
        nodes.add(new Node("manager", Role.MANAGER, dir.resolve("manager")));
        IntStream.rangeClosed(1, workers)
                .mapToObj(number -> new Node("w" + number, Role.WORKER, dir.resolve("w" + number)))
                .forEach(nodes::add);
        return nodes;
    }

    /** The nodes that have a folder, running or not. */
    private List<Node> existing() {
        return nodes(MANY).stream()
                .filter(node -> Files.isDirectory(node.base()))
                .toList();
    }

    private Map<String, Map<String, String>> settings(Node node, Ports ports, int workers, @Nullable Integer slots) {
        if (node.role() == Role.MANAGER) {
            return Map.of(
                    "muster.manager", Map.of("id", "manager", "address", "127.0.0.1", "data.host", "127.0.0.1"),
                    "muster.broker", Map.of("host", "127.0.0.1", "port", Integer.toString(ports.broker())),
                    "muster.rest", Map.of("host", "127.0.0.1", "port", Integer.toString(ports.rest())));
        }
        var values = new LinkedHashMap<String, String>();
        values.put("enabled", "true");
        values.put("id", node.name());
        values.put("address", "127.0.0.1");
        values.put("data.host", "127.0.0.1");
        values.put("manager", Plaintext.SCHEME + "://127.0.0.1:" + ports.rest());
        values.put("token", "");
        values.put("token.file", dir.resolve("manager/security/join.token").toString());
        if (slots != null) {
            values.put("slots", slots.toString());
        } else if (!environment.containsKey("MUSTER_WORKER_SLOTS")) {
            values.put(
                    "slots", Integer.toString(Math.max(1, Runtime.getRuntime().availableProcessors() / workers)));
        }
        if (!environment.containsKey("MUSTER_WORKER_MEMORY")) {
            // what each worker would detect is the whole machine's
            values.put("memory", workers == 1 ? "" : Long.toString(machineMemory() / workers));
        }
        return Map.of("muster.worker", values);
    }

    private static long machineMemory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean machine
                ? machine.getTotalMemorySize()
                : 0;
    }

    private Connection awaitReady(Ports ports, List<Node> nodes) throws IOException {
        var progress = new Progress(terminal, true);
        var begin = System.nanoTime();
        var tokenFile = dir.resolve("manager/security/admin.token");
        var url = Plaintext.SCHEME + "://127.0.0.1:" + ports.rest();
        var online = List.<String>of();
        Client client = null;
        var managerReady = false;
        try {
            while (true) {
                for (var start : started.entrySet()) {
                    requireAlive(start.getKey(), start.getValue());
                }
                if (client == null && Files.exists(tokenFile)) {
                    client = client(url, Files.readString(tokenFile).strip());
                }
                if (client != null && !managerReady) {
                    managerReady = client.status("/readyz") == 200;
                }
                if (client != null && managerReady) {
                    online = online(client);
                    var missing = nodes.stream()
                            .filter(node -> node.role() == Role.WORKER)
                            .map(Node::name)
                            .toList();
                    if (online.containsAll(missing)) {
                        return Connection.of(url, Files.readString(tokenFile));
                    }
                }
                var elapsed = Duration.ofNanos(System.nanoTime() - begin);
                if (elapsed.compareTo(START_LIMIT) > 0) {
                    throw late(nodes, managerReady, online);
                }
                progress.note("waiting for " + waiting(nodes, managerReady, online) + "  " + Times.duration(elapsed));
                pause();
            }
        } finally {
            progress.clear();
        }
    }

    private static @Nullable Client client(String url, String token) {
        // the manager may be in the middle of writing its token
        return token.isEmpty() ? null : new Client(Connection.of(url, token));
    }

    private static List<String> online(Client client) {
        try {
            var ids = new ArrayList<String>();
            for (var worker : client.get("/workers").path("items")) {
                if ("online".equals(worker.path("state").asText())) {
                    ids.add(worker.path("id").asText());
                }
            }
            return ids;
        } catch (Failure failure) {
            if (failure.exitCode() == ExitCode.EXTERNAL) {
                return List.of();
            }
            throw failure;
        }
    }

    private static String waiting(List<Node> nodes, boolean managerReady, List<String> online) {
        if (!managerReady) {
            return "the manager";
        }
        var missing = nodes.stream()
                .filter(node -> node.role() == Role.WORKER && !online.contains(node.name()))
                .map(Node::name)
                .toList();
        return (missing.size() == 1 ? "worker " : "workers ") + String.join(", ", missing);
    }

    private void requireAlive(Node node, Process process) {
        if (!process.isAlive()) {
            throw new Failure(
                    ExitCode.EXTERNAL,
                    node.name() + " ended with exit code " + process.exitValue() + " before it was ready",
                    node.lastWords(),
                    null);
        }
    }

    private static Failure late(List<Node> nodes, boolean managerReady, List<String> online) {
        var culprit = nodes.stream()
                .filter(node -> node.role() == Role.MANAGER ? !managerReady : !online.contains(node.name()))
                .findFirst()
                .orElse(nodes.get(0));
        return new Failure(
                ExitCode.EXTERNAL,
                culprit.name() + " is not ready after " + START_LIMIT.toSeconds() + " s; stopped what was started",
                culprit.lastWords(),
                null);
    }

    /** Ends what was started, and returns when it has ended. */
    private void killStarted() {
        var names = started.keySet().stream().map(Node::name).toList();
        var pids = started.values().stream()
                .flatMap(process -> Stream.concat(process.descendants(), Stream.of(process.toHandle())))
                .map(ProcessHandle::pid)
                .toList();
        started.clear();
        stop(pids, Duration.ZERO);
        // one that its script started meanwhile was not among the descendants
        var left = running();
        left.keySet().retainAll(names);
        stop(left.values(), Duration.ZERO);
    }

    /**
     * Stops every node and every task: workers first, in order, then the manager; by force what does not end.
     *
     * @return the names of the nodes that ran
     */
    public List<String> down() {
        if (!Files.isDirectory(dir)) {
            throw Failure.user(
                    "there is no cluster in " + dir + ": the folder does not exist; name its folder by --dir");
        }
        try (var channel = FileChannel.open(dir.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var lock = lock(channel)) {
            var running = running();
            var progress = new Progress(terminal, true);
            progress.note("stopping " + running.size() + " nodes");
            var workers = new LinkedHashMap<>(running);
            workers.remove("manager");
            stop(workers.values(), STOP_LIMIT);
            stop(running().values(), STOP_LIMIT);
            stop(processes.tasks(dir), Duration.ZERO);
            progress.clear();
            unpoint();
            return List.copyOf(running.keySet());
        } catch (IOException e) {
            throw Failure.external("cannot stop the cluster in " + dir + ": " + e, e);
        }
    }

    /** Asks processes to end, and ends those that have not within a time. */
    private static void stop(Collection<Long> pids, Duration limit) {
        var handles =
                pids.stream().map(ProcessHandle::of).flatMap(Optional::stream).toList();
        if (!limit.isZero()) {
            handles.forEach(ProcessHandle::destroy);
        }
        var deadline = System.nanoTime() + limit.toNanos();
        while (handles.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() < deadline) {
            pause();
        }
        handles.forEach(ProcessHandle::destroyForcibly);
        var killed = System.nanoTime() + STOP_LIMIT.toNanos();
        while (handles.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() < killed) {
            pause();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(POLL.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failure.external("interrupted", e);
        }
    }

    private JsonNode remembered() throws IOException {
        var file = dir.resolve("cluster.json");
        return Files.exists(file) ? Json.read(Files.readString(file)) : Json.object();
    }

    private void write(String name, ObjectNode content) throws IOException {
        write(name, Json.pretty(content));
    }

    /** Writes a file that only its owner can read, whole or not at all. */
    private void write(String name, String content) throws IOException {
        var part = dir.resolve(name + ".part");
        Files.deleteIfExists(part);
        Files.createFile(part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(part, content + "\n");
        Files.move(part, dir.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private void point() throws IOException {
        var pointer = new Configuration(environment).pointer();
        Files.createDirectories(pointer.getParent());
        Files.writeString(pointer, dir + "\n");
    }

    private void unpoint() throws IOException {
        var configuration = new Configuration(environment);
        if (dir.equals(configuration.current())) {
            Files.deleteIfExists(configuration.pointer());
        }
    }
}
