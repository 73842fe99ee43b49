package muster.worker;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import muster.api.AttemptId;
import muster.api.ErrorCode;
import muster.api.Input;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.Output;
import muster.api.TaskSpec;
import muster.data.DataPlane;
import muster.data.Manifest;
import muster.data.ObjectStore;
import muster.data.Sink;
import muster.data.TransferException;
import muster.data.TransferException.Failure;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a worker's tasks: a cache of objects, which it also serves to others. An object is fetched once, however
 * many tasks ask for it at the same time.
 */
final class WorkerFiles implements TaskFiles, DataPlane.Service, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerFiles.class);
    /** How long the manager may be away from one that is connected; it may be starting, or another one taking over. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    /** How often it is looked whether a download is still wanted, and moves. */
    private static final Duration LOOK = Duration.ofMillis(500);

    /** In how long something must have come of a download. */
    private static final Duration SILENCE = Duration.ofMinutes(10);

    private static final Set<StandardOpenOption> NEW = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

    private final ObjectStore cache;
    private final Path scratch;
    private final DataPlane.Client client;
    private final DataPlane.Server server;
    private final String joinedAt;
    private volatile @Nullable Window window;
    private volatile Place managerPlace = new Place("", 0);
    private volatile boolean connected;
    private volatile boolean closed;

    /** For what comes from several sources at once. */
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        var thread = new Thread(task, "muster-fetch");
        thread.setDaemon(true);
        return thread;
    });

    private final Map<String, CompletableFuture<Void>> fetching = new ConcurrentHashMap<>();

    /** Made for the first input that is a URL: it has a thread of its own. */
    private static final class Http {
        static final HttpClient CLIENT = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(Duration.ofSeconds(30))
                .build();
    }

    /** What tasks of a job made here and nobody else has. */
    private final Map<JobId, List<String>> madeHere = new HashMap<>();

    private record Place(String host, int port) {
        URI url(String path) {
            return URI.create("https://" + (host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host)
                    + ":" + port + path);
        }
    }

    /**
     * @param joinedAt host of the manager that took this worker in
     * @param folder of the cache
     */
    WorkerFiles(
            DataPlane plane,
            NodeIdentity identity,
            String host,
            int port,
            String joinedAt,
            Path folder,
            long cacheBytes)
            throws IOException {
        this.joinedAt = joinedAt;
        cache = new ObjectStore(folder, cacheBytes, false);
        scratch = Files.createDirectories(folder.resolve("urls"));
        removeLeftovers();
        client = plane.client(identity);
        server = plane.serve(identity, host, port, this);
    }

    /** What was on its way when an earlier process of this worker died. */
    private void removeLeftovers() throws IOException {
        cache.removePartial(Instant.now());
        try (var files = Files.newDirectoryStream(scratch)) {
            for (var file : files) {
                Files.delete(file);
            }
        }
    }

    @Override
    public int port() {
        return server.port();
    }

    @Override
    public void manager(String host, int port) {
        var before = managerPlace;
        managerPlace = new Place(host.isEmpty() ? joinedAt : host, port);
        connected = true;
        if (before.port() != 0 && !before.equals(managerPlace)) {
            // one that is paused, or whose machine is gone, would be waited for in vain
            client.leave(before.url(""));
        }
    }

    @Override
    public void managerAway() {
        connected = false;
    }

    private URI manager(String path) throws TransferException {
        var place = managerPlace;
        if (place.port() == 0) {
            throw new TransferException(Failure.SOURCE_LOST, "the manager serves no files");
        }
        return place.url(path);
    }

    /** Something that is asked of the manager. */
    private interface Exchange {
        void run() throws IOException;
    }

    /**
     * Asks the manager, and goes on to ask while it is away: a task must not fail because its manager was started again.
     *
     * @param stopped whether nobody waits for it any more
     */
    private void patiently(BooleanSupplier stopped, Exchange exchange) throws IOException {
        var waited = Duration.ZERO;
        for (var pause = SHORTEST_PAUSE; ; pause = min(pause.multipliedBy(2), LONGEST_PAUSE)) {
            try {
                exchange.run();
                return;
            } catch (TransferException e) {
                var away = e.failure() == Failure.SOURCE_LOST || e.failure() == Failure.STORE_AWAY;
                if (!away || closed || stopped.getAsBoolean() || waited.compareTo(PATIENCE) >= 0) {
                    throw e;
                }
                LOG.debug("The manager is asked again in {} ms: {}", pause.toMillis(), e.getMessage());
            }
            try {
                Thread.sleep(pause.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new TransferException(Failure.LOCAL, "interrupted", e);
            }
            if (connected) {
                waited = waited.plus(pause);
            }
        }
    }

    private static Duration min(Duration first, Duration second) {
        return first.compareTo(second) < 0 ? first : second;
    }

    // ---- inputs

    @Override
    public void stage(AttemptId attempt, TaskSpec task, Path workspace, Identity owner, BooleanSupplier stopped)
            throws IOException {
        for (var input : task.inputs()) {
            if (stopped.getAsBoolean()) {
                return;
            }
            try {
                stage(attempt, input, workspace, owner, stopped);
            } catch (IOException e) {
                var cause = TransferException.local("input '" + input.name() + "'", e);
                throw new TransferException(
                        cause.failure(),
                        "input '" + input.name() + "' (" + input.source() + "): " + cause.getMessage(),
                        e);
            }
        }
    }

    private void stage(AttemptId attempt, Input input, Path workspace, Identity owner, BooleanSupplier stopped)
            throws IOException {
        var source = input.source();
        var to = workspace.resolve(input.name());
        if (source.startsWith(Input.CONTENT)) {
            place(source, to, input.executable(), owner, stopped);
        } else if (source.startsWith(Input.SHARED)) {
            var shared = Path.of(source.substring(Input.SHARED.length()));
            owner.run(() -> link(shared, to));
        } else if (source.startsWith(Input.TASK)) {
            var path = "/outputs/" + attempt.task().job() + "/" + escape(input.of()) + "/" + escape(input.path());
            var items = new ArrayList<Manifest.Item>();
            patiently(
                    stopped,
                    () -> items.addAll(Manifest.parse(client.text(manager(path), NodeName.Role.MANAGER))
                            .items()));
            var folder = input.path().endsWith("/") ? input.path() : input.path() + "/";
            for (var item : items) {
                var file = item.name().equals(input.path())
                        ? to
                        : to.resolve(item.name().substring(folder.length()));
                place(item.object(), file, item.executable() || input.executable(), owner, stopped);
            }
        } else {
            download(source, to, input.executable(), owner, stopped);
        }
    }

    @Override
    public void bring(String object, Path to) throws IOException {
        place(object, to, false, Identity.WORKER, () -> true);
    }

    private static String escape(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static Path link(Path shared, Path to) throws IOException {
        if (!Files.exists(shared)) {
            throw new TransferException(
                    Failure.SOURCE_GONE,
                    "'" + shared
                            + "' is not on this worker; mount its storage there, keep the task away from it by a label, or"
                            + " correct the path");
        }
        makeParent(to);
        return Files.createSymbolicLink(to, shared);
    }

    private void place(String object, Path to, boolean executable, Identity owner, BooleanSupplier stopped)
            throws IOException {
        cache.pin(object);
        try {
            patiently(stopped, () -> fetch(object));
            if (owner == Identity.WORKER) {
                makeParent(to);
                cache.place(object, to, executable);
            } else {
                copy(object, to, executable, owner);
            }
        } finally {
            cache.unpin(object);
        }
    }

    /** A link would be one to a file of the worker's, made with its rights where the task has its own. */
    private void copy(String object, Path to, boolean executable, Identity owner) throws IOException {
        var mode = PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "r--r--r--");
        try (var from = cache.open(object);
                var out = owner.run(() -> {
                    makeParent(to);
                    return FileChannel.open(to, NEW, PosixFilePermissions.asFileAttribute(mode));
                })) {
            var size = from.size();
            for (var copied = 0L; copied < size; ) {
                copied += from.transferTo(copied, size - copied, out);
            }
        } catch (IOException e) {
            throw TransferException.local("'" + to.getFileName() + "'", e);
        }
    }

    private static void makeParent(Path file) throws IOException {
        var parent = file.getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
    }

    /** Brings an object into the cache, if it is not there; waits for another that brings it. */
    private void fetch(String object) throws IOException {
        if (cache.find(object).isPresent()) {
            return;
        }
        var mine = new CompletableFuture<Void>();
        var other = fetching.putIfAbsent(object, mine);
        if (other != null) {
            await(other);
            return;
        }
        try {
            // it may have come between the look and the entry
            if (cache.find(object).isEmpty()) {
                new Fetch(client, cache, object, threads, DataPlane.Part.BYTES).run(manager("/" + object));
            }
            mine.complete(null);
        } catch (IOException | RuntimeException e) {
            mine.completeExceptionally(e);
            throw e;
        } finally {
            fetching.remove(object, mine);
        }
    }

    private static void await(CompletableFuture<Void> other) throws IOException {
        try {
            other.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof TransferException failure) {
                throw new TransferException(failure.failure(), String.valueOf(failure.getMessage()), e);
            }
            throw e;
        }
    }

    private void download(String url, Path to, boolean executable, Identity owner, BooleanSupplier stopped)
            throws IOException {
        var fresh = Files.createTempFile(scratch, "url", "");
        try {
            var response = answer(url, fresh, stopped);
            if (response.statusCode() != 200) {
                var gone = response.statusCode() == 404 || response.statusCode() == 410;
                throw new TransferException(
                        gone ? Failure.SOURCE_GONE : Failure.SOURCE_LOST,
                        "the server answers with status " + response.statusCode());
            }
            place(cache.adopt(fresh), to, executable, owner, stopped);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TransferException(Failure.LOCAL, "interrupted", e);
        } catch (TransferException e) {
            throw e;
        } catch (IOException e) {
            var local = TransferException.local("the download", e);
            throw local.failure() == Failure.DISK_FULL
                    ? local
                    : new TransferException(Failure.SOURCE_LOST, "the server cannot be reached: " + e, e);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    /** The client's own time limit ends with the header of an answer. */
    private HttpResponse<Path> answer(String url, Path into, BooleanSupplier stopped)
            throws IOException, InterruptedException {
        var coming = Http.CLIENT.sendAsync(request(url), HttpResponse.BodyHandlers.ofFile(into));
        try {
            var bytes = 0L;
            var since = System.nanoTime();
            while (System.nanoTime() - since < SILENCE.toNanos()) {
                try {
                    return coming.get(LOOK.toMillis(), TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    if (stopped.getAsBoolean()) {
                        throw new TransferException(Failure.LOCAL, "nobody waits for it any more", e);
                    }
                    var came = Files.size(into);
                    since = came > bytes ? System.nanoTime() : since;
                    bytes = came;
                }
            }
            throw new TransferException(
                    Failure.SLOW_SOURCE, "nothing came for " + SILENCE.toMinutes() + " min after " + bytes + " bytes");
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
        } finally {
            coming.cancel(true);
        }
    }

    private static HttpRequest request(String url) throws TransferException {
        try {
            return HttpRequest.newBuilder(URI.create(url)).build();
        } catch (IllegalArgumentException e) {
            throw new TransferException(
                    Failure.SOURCE_GONE,
                    "it is no address: " + e.getMessage() + "; write such as https://HOST/PATH",
                    e);
        }
    }

    // ---- outputs

    @Override
    public void collect(AttemptId attempt, TaskSpec task, Path workspace, Identity owner) throws IOException {
        var items = new ArrayList<Manifest.Item>();
        for (var found : find(task, workspace, owner).entrySet()) {
            var file = workspace.resolve(found.getKey());
            try {
                items.add(take(attempt, file, found.getKey(), found.getValue(), owner));
            } catch (IOException e) {
                var cause = TransferException.local("output '" + found.getKey() + "'", e);
                throw new TransferException(
                        cause.failure(), "output '" + found.getKey() + "': " + cause.getMessage(), e);
            }
        }
        var made = new Manifest(items).text();
        patiently(() -> false, () -> client.putText(manager("/outputs/" + attempt), NodeName.Role.MANAGER, made));
    }

    /** The files that are outputs, by path, and whether they are kept. */
    private static Map<String, Boolean> find(TaskSpec task, Path workspace, Identity owner) throws IOException {
        var files = owner.run(() -> files(task, workspace));
        var found = new LinkedHashMap<String, Boolean>();
        for (var output : task.outputs()) {
            var any = false;
            for (var file : files) {
                if (output.matches(file)) {
                    any = true;
                    found.merge(file, kept(output), Boolean::logicalOr);
                }
            }
            if (!any && !output.optional()) {
                throw new TransferException(
                        Failure.SOURCE_GONE,
                        "output '" + output.path() + "' was not made; make it, or declare it as optional");
            }
        }
        return found;
    }

    private static boolean kept(Output output) {
        return output.keep() == null || output.keep();
    }

    /** Every regular file of a workspace that is none of its inputs. */
    private static List<String> files(TaskSpec task, Path workspace) throws IOException {
        var inputs = task.inputs().stream().map(Input::name).collect(Collectors.toSet());
        var files = new ArrayList<String>();
        Files.walkFileTree(workspace, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                var name = workspace.relativize(file).toString();
                if (attributes.isRegularFile() && !inputs.contains(name)) {
                    files.add(name);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        files.sort(null);
        return files;
    }

    private Manifest.Item take(AttemptId attempt, Path file, String name, boolean kept, Identity owner)
            throws IOException {
        var bytes = owner.run(() -> Files.size(file));
        var executable =
                owner.run(() -> Files.getPosixFilePermissions(file)).contains(PosixFilePermission.OWNER_EXECUTE);
        var object = adopt(file, owner);
        cache.pin(object);
        if (!kept) {
            synchronized (madeHere) {
                madeHere.computeIfAbsent(attempt.task().job(), job -> new ArrayList<>())
                        .add(object);
            }
            return new Manifest.Item(object, bytes, executable, false, name);
        }
        try {
            patiently(() -> false, () -> send(object));
        } finally {
            cache.unpin(object);
        }
        return new Manifest.Item(object, bytes, executable, true, name);
    }

    private void send(String object) throws IOException {
        var url = manager("/" + object);
        if (!client.has(url, NodeName.Role.MANAGER)) {
            client.put(
                    url,
                    NodeName.Role.MANAGER,
                    cache.find(object)
                            .orElseThrow(
                                    () -> new TransferException(Failure.CHANGED, "it was changed before it was sent")));
        }
    }

    private String adopt(Path file, Identity owner) throws IOException {
        if (owner == Identity.WORKER) {
            return cache.adopt(file);
        }
        try (var in = owner.run(() -> FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            return cache.copy(in);
        }
    }

    @Override
    public void release(JobId job) {
        List<String> objects;
        synchronized (madeHere) {
            objects = madeHere.remove(job);
        }
        if (objects != null) {
            objects.forEach(cache::unpin);
        }
    }

    @Override
    public List<JobId> keeps() {
        synchronized (madeHere) {
            return List.copyOf(madeHere.keySet());
        }
    }

    // ---- what others ask

    @Override
    public DataPlane.Answer get(NodeName peer, String path, List<String> avoid) throws IOException {
        return new DataPlane.Answer.File(cache.find(object(path))
                .orElseThrow(
                        () -> new TransferException(Failure.SOURCE_GONE, "this worker does not have it any more")));
    }

    @Override
    public boolean answersUsers() {
        return true;
    }

    @Override
    public DataPlane.Answer user(String key, String path) throws IOException {
        var open = window;
        if (open == null) {
            throw new MusterException(ErrorCode.UNAVAILABLE, "the worker has not begun yet; try again");
        }
        return open.answer(key, path);
    }

    /** Answers users from now on. */
    void window(Window newWindow) {
        window = newWindow;
    }

    @Override
    public Sink put(NodeName peer, String path, long bytes) throws IOException {
        if (peer.role() != NodeName.Role.MANAGER) {
            throw new TransferException(Failure.REFUSED, "only the manager may send files to a worker");
        }
        return cache.receive(object(path));
    }

    private static String object(String path) throws TransferException {
        try {
            return ObjectStore.requireName(path.substring(1));
        } catch (MusterException e) {
            throw new TransferException(Failure.SOURCE_GONE, String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public void close() {
        closed = true;
        server.close();
        client.close();
        threads.shutdown();
    }
}
