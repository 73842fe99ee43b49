package muster.manager;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import muster.api.AttemptId;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.MusterException;
import muster.api.ObjectService;
import muster.api.OutputView;
import muster.api.TaskId;
import muster.data.Bucket;
import muster.data.BucketDepot;
import muster.data.DataPlane;
import muster.data.Depot;
import muster.data.Manifest;
import muster.data.ObjectStore;
import muster.data.Sink;
import muster.data.TransferException;
import muster.data.TransferException.Failure;
import muster.manager.scheduler.JobRun;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import org.jspecify.annotations.Nullable;

/**
 * The files of the cluster: objects on the manager's disk or in a bucket, and who has the others. What an attempt made is recorded by its
 * worker before it tells its result. Thread-safe.
 */
final class ManagerFiles implements ObjectService, DataPlane.Service, AutoCloseable {
    private static final String OUTPUTS = "/outputs/";
    private static final int BUFFER_BYTES = 256 << 10;
    private static final int LOCKS = 64;

    /** How long a worker may take from the question for an object to the record of what its task made. */
    private static final Duration SOON = Duration.ofHours(1);

    private final Duration unused;
    private final Clock clock;
    private final @Nullable Bucket bucket;
    private final ObjectStore disk;
    private final Depot store;
    private final Outputs outputs;
    private final JobService jobs;
    private final Attempts attempts;
    private final Predicate<String> turnedAway;
    private final DataPlane.Client client;
    private final DataPlane.Server server;

    /** Where workers serve files, by id: {@code host:port}. */
    private final Map<String, String> places = new ConcurrentHashMap<>();

    /** Which attempts left an object on their worker alone, and on which, as far as was asked since the start. */
    private final Map<String, Map<AttemptId, String>> makers = new ConcurrentHashMap<>();

    private final Copies copies = new Copies();

    /**
     * What somebody asked for and found, and may refer to in a moment, until when it must not be thrown away. Of what a user
     * asks for a job may take days to come.
     */
    private final Map<String, Instant> asked = new ConcurrentHashMap<>();

    /** An object is thrown away while nobody asks for it: who has its lock does. */
    private final Object[] locks =
            IntStream.range(0, LOCKS).mapToObj(lock -> new Object()).toArray();

    /** What is known of attempts and of this manager, and told. */
    interface Attempts {
        /** Whether an attempt is the current one of its task, on that worker. */
        boolean current(String worker, AttemptId attempt);

        /** Whether this manager still leads, as the store says now. UNAVAILABLE if that cannot be asked. */
        boolean leads();

        /** What an attempt made. Told before its result can come. */
        void made(Outputs.Made made);

        /** What an attempt left on its worker could not be had from there. */
        void gone(AttemptId attempt);
    }

    /**
     * Where files are kept.
     *
     * @param bucket null for the disk alone
     * @param diskBytes how much of it the disk may hold
     * @param unused how long that which no job refers to
     */
    record Keep(@Nullable Bucket bucket, long diskBytes, Duration unused, Clock clock) {
        static final Keep ON_DISK = new Keep(null, Long.MAX_VALUE, Duration.ofDays(7), Clock.systemUTC());
    }

    ManagerFiles(
            DataPlane plane,
            NodeIdentity identity,
            String host,
            int port,
            Path folder,
            JobService jobs,
            Attempts attempts,
            Predicate<String> turnedAway,
            Keep keep)
            throws IOException {
        this.jobs = jobs;
        this.attempts = attempts;
        this.turnedAway = turnedAway;
        unused = keep.unused();
        clock = keep.clock();
        bucket = keep.bucket();
        if (bucket != null) {
            try {
                bucket.check();
            } catch (IOException e) {
                bucket.close();
                throw e;
            }
        }
        // with a bucket the folder is bounded: what is on the disk alone is kept from that
        var place = bucket == null ? folder : folder.resolve("bucket");
        disk = new ObjectStore(place.resolve("objects"), keep.diskBytes(), bucket == null);
        store = bucket == null ? disk : new BucketDepot(disk, bucket);
        outputs = new Outputs(place.resolve("outputs"), bucket);
        client = plane.client(identity);
        server = plane.serve(identity, host, port, this);
    }

    int port() {
        return server.port();
    }

    /** A worker says where it serves files: {@code host:port}, or nowhere if that is empty. */
    void worker(String id, String address) {
        if (address.isEmpty()) {
            places.remove(id);
        } else {
            places.put(id, address);
        }
    }

    /** Forgets what the tasks of a job made. */
    void forget(JobId job) {
        outputs.remove(job);
        makers.values().forEach(made -> made.keySet()
                .removeIf(attempt -> attempt.task().job().equals(job)));
        makers.values().removeIf(Map::isEmpty);
    }

    /** What the newest attempt of each task of a job made, where the manager has not all of it. */
    List<Outputs.Made> leftOnWorkers(JobId job) {
        return outputs.of(job).stream()
                .filter(made -> made.manifest().items().stream().anyMatch(item -> !item.kept() && !has(item.object())))
                .toList();
    }

    /** Whether the manager has an object. */
    boolean has(String object) {
        return size(object, SOON).isPresent();
    }

    /** What is here since before, and was not asked for since. */
    Set<String> idle(Instant before) throws IOException {
        var found = new HashSet<String>();
        forgetAsked();
        store.list((object, since) -> {
            if (since.isBefore(before) && !asked.containsKey(object)) {
                found.add(object);
            }
        });
        return found;
    }

    /** Throws away what came of uploads that nobody has gone on with since. */
    void removePartial(Instant before) throws IOException {
        store.removePartial(before);
    }

    /** Forgets whose time is over of what was asked for. */
    void forgetAsked() {
        asked.values().removeIf(until -> until.isBefore(clock.instant()));
    }

    /**
     * Throws an object away, unless somebody has asked for it meanwhile. REFUSED if another manager leads, who may have told
     * somebody that it is here.
     */
    boolean removeIdle(String object) throws IOException {
        synchronized (lock(object)) {
            if (asked.containsKey(object)) {
                return false;
            }
            if (!attempts.leads()) {
                throw new TransferException(Failure.REFUSED, "this manager leads no more");
            }
            store.remove(object);
            return true;
        }
    }

    private Object lock(String object) {
        return locks[Math.floorMod(object.hashCode(), LOCKS)];
    }

    /** What attempts made. */
    Outputs outputs() {
        return outputs;
    }

    // ---- for users

    @Override
    public OptionalLong size(String object) {
        return size(object, unused);
    }

    private OptionalLong size(String object, Duration claimed) {
        try {
            var claim = claim(object, claimed);
            var bytes = store.size(object);
            if (bytes.isEmpty()) {
                asked.remove(object, claim);
            }
            return bytes;
        } catch (IOException e) {
            throw told(e);
        }
    }

    /** Spares an object for a while, before it is looked for; waits until it is thrown away, if that has begun. */
    private Instant claim(String object, Duration claimed) {
        synchronized (lock(object)) {
            return asked.merge(object, clock.instant().plus(claimed), (one, other) -> one.isAfter(other) ? one : other);
        }
    }

    @Override
    public long uploaded(String object) {
        try {
            return store.uploaded(object);
        } catch (IOException e) {
            throw told(e);
        }
    }

    @Override
    public void upload(String object, long offset, long bytes, InputStream in) throws IOException {
        if (has(object)) {
            return;
        }
        Sink into;
        try {
            into = store.resume(object, offset);
        } catch (IOException e) {
            throw told(e);
        }
        var received = offset;
        try (var channel = Channels.newChannel(in)) {
            var buffer = ByteBuffer.allocate(BUFFER_BYTES);
            while (channel.read(buffer) >= 0) {
                received += buffer.flip().remaining();
                try {
                    into.write(buffer);
                } catch (IOException e) {
                    throw told(e);
                }
                buffer.clear();
            }
            if (received < bytes) {
                throw new IOException("the upload broke off after " + received + " of " + bytes + " bytes");
            }
            try {
                into.complete();
            } catch (IOException e) {
                throw told(e);
            }
        } finally {
            into.abort();
        }
    }

    private static MusterException told(IOException e) {
        var failure = TransferException.local("the object", e);
        return switch (failure.failure()) {
            case HASH_MISMATCH -> MusterException.invalid(failure.getMessage() + "; send the file again");
            case DISK_FULL ->
                new MusterException(
                        ErrorCode.UNAVAILABLE, "the manager's disk is full; make room and send the file again", e);
            case SOURCE_GONE -> MusterException.notFound(String.valueOf(failure.getMessage()));
            default -> new MusterException(ErrorCode.UNAVAILABLE, String.valueOf(failure.getMessage()), e);
        };
    }

    @Override
    public Path file(String object) {
        try {
            var here = store.find(object);
            return here.isPresent() ? here.get() : fromWorkers(object);
        } catch (IOException e) {
            throw told(e);
        }
    }

    private Path fromWorkers(String object) throws IOException {
        var holding = holders(object, List.of());
        for (var place : holding) {
            try {
                client.get(place, NodeName.Role.WORKER, List.of(), store.receive(object));
                return store.find(object).orElseThrow();
            } catch (TransferException e) {
                if (!e.failure().mendedByAnotherSource()) {
                    throw e;
                }
            }
        }
        throw MusterException.notFound(
                holding.isEmpty()
                        ? "nobody has " + object + " any more"
                        : "the worker that has " + object + " does not answer");
    }

    @Override
    public List<OutputView> outputs(JobId job) {
        jobs.job(job);
        return outputs.of(job).stream().flatMap(this::views).toList();
    }

    @Override
    public List<OutputView> outputs(TaskId task) {
        jobs.task(task);
        return outputs.newest(task).stream().flatMap(this::views).toList();
    }

    private Stream<OutputView> views(Outputs.Made made) {
        return made.manifest().items().stream().map(item -> {
            remember(made, item);
            return new OutputView(
                    made.attempt().task(),
                    made.attempt().number(),
                    item.name(),
                    item.object(),
                    item.bytes(),
                    item.executable(),
                    kept(item));
        });
    }

    /** A bucket is believed to have what was brought, for there may be thousands to ask for. */
    private boolean kept(Manifest.Item item) {
        return (item.kept() && store != disk) || has(item.object());
    }

    private void remember(Outputs.Made made, Manifest.Item item) {
        if (!item.kept()) {
            makers.computeIfAbsent(item.object(), object -> new ConcurrentHashMap<>())
                    .put(made.attempt(), made.worker());
        }
    }

    @Override
    public Transfer measure(String worker, long bytes) {
        var id = worker.isEmpty()
                ? places.keySet().stream()
                        .sorted()
                        .findFirst()
                        .orElseThrow(
                                () -> new MusterException(ErrorCode.UNAVAILABLE, "no worker serves files; start one"))
                : worker;
        var place = places.get(id);
        if (place == null) {
            throw MusterException.notFound("worker '" + id + "' serves no files; 'worker list' shows those that are");
        }
        try {
            var object = random(bytes);
            var file = disk.find(object).orElseThrow();
            var url = url(place, object);
            var start = System.nanoTime();
            client.put(url, NodeName.Role.WORKER, file);
            var there = System.nanoTime();
            // so that it is written anew
            disk.remove(object);
            client.get(url, NodeName.Role.WORKER, List.of(), disk.receive(object));
            var back = System.nanoTime();
            disk.remove(object);
            return new Transfer(id, bytes, there - start, back - there);
        } catch (IOException e) {
            throw told(e);
        }
    }

    private String random(long bytes) throws IOException {
        var file = Files.createTempFile("muster", "random");
        try {
            var digest = ObjectStore.digest();
            var random = new Random(new SecureRandom().nextLong());
            var piece = new byte[BUFFER_BYTES];
            try (var out = Files.newOutputStream(file)) {
                for (var left = bytes; left > 0; left -= piece.length) {
                    random.nextBytes(piece);
                    out.write(piece, 0, (int) Math.min(left, piece.length));
                    digest.update(piece, 0, (int) Math.min(left, piece.length));
                }
            }
            return disk.adopt(file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    // ---- for workers

    @Override
    public DataPlane.Answer get(NodeName peer, String path, List<String> avoid) throws IOException {
        requireKnown(peer);
        if (path.startsWith(OUTPUTS)) {
            return new DataPlane.Answer.Text(resolve(path));
        }
        var object = object(path);
        var claim = claim(object, SOON);
        var file = store.find(object);
        if (file.isEmpty()) {
            asked.remove(object, claim);
        } else {
            if (Files.size(file.get()) <= DataPlane.Part.BYTES) {
                return new DataPlane.Answer.File(file.get());
            }
            var others = copies(object, peer);
            copies.fetched(object, peer.id());
            return new DataPlane.Answer.File(file.get(), others);
        }
        // who made it is first: only what they have not is taken for gone
        var elsewhere = new LinkedHashSet<>(holders(object, avoid));
        copies(object, peer).stream()
                .filter(place -> !avoid.contains(place.getAuthority()))
                .forEach(elsewhere::add);
        if (elsewhere.isEmpty()) {
            throw nowhere(object, avoid);
        }
        copies.fetched(object, peer.id());
        return new DataPlane.Answer.Elsewhere(List.copyOf(elsewhere));
    }

    /** Where workers may have a copy of an object, but for one; in any order, so that each has as much to do. */
    private List<URI> copies(String object, NodeName but) {
        var found = new ArrayList<URI>();
        for (var worker : copies.of(object)) {
            var place = places.get(worker);
            if (place != null && !worker.equals(but.id()) && !turnedAway.test(worker)) {
                found.add(url(place, object));
            }
        }
        Collections.shuffle(found);
        return found;
    }

    private static URI url(String place, String object) {
        return URI.create("https://" + place + "/" + object);
    }

    /** Nobody who is to be asked has an object: what was asked in vain is told to be gone. */
    private TransferException nowhere(String object, List<String> avoid) {
        var unheard = false;
        for (var made : makers.getOrDefault(object, Map.of()).entrySet()) {
            var place = places.get(made.getValue());
            if (place == null) {
                unheard = true;
            } else if (avoid.contains(place)) {
                attempts.gone(made.getKey());
            }
        }
        return unheard
                ? new TransferException(
                        Failure.SOURCE_LOST,
                        "the worker that has " + object + " was not heard since the manager's start")
                : new TransferException(Failure.SOURCE_GONE, "nobody has " + object + " any more");
    }

    private void requireKnown(NodeName peer) throws TransferException {
        if (peer.role() == NodeName.Role.WORKER && turnedAway.test(peer.id())) {
            throw new TransferException(Failure.REFUSED, "worker '" + peer.id() + "' was removed from this cluster");
        }
    }

    private List<URI> holders(String object, List<String> avoid) {
        var found = new ArrayList<URI>();
        for (var worker : Set.copyOf(makers.getOrDefault(object, Map.of()).values())) {
            var place = places.get(worker);
            if (place != null && !avoid.contains(place)) {
                found.add(url(place, object));
            }
        }
        return found;
    }

    private static String object(String path) throws TransferException {
        try {
            return ObjectStore.requireName(path.substring(1));
        } catch (MusterException e) {
            throw new TransferException(Failure.SOURCE_GONE, String.valueOf(e.getMessage()), e);
        }
    }

    /** What of the outputs of a task is asked for: {@code /outputs/JOB/TASK/PATH}, the last two escaped. */
    private String resolve(String path) throws IOException {
        var parts = path.substring(OUTPUTS.length()).split("/", 3);
        if (parts.length < 3) {
            throw new TransferException(Failure.SOURCE_GONE, "'" + path + "' names no output");
        }
        var of = URLDecoder.decode(parts[1], StandardCharsets.UTF_8);
        var name = URLDecoder.decode(parts[2], StandardCharsets.UTF_8);
        var task = Character.isDigit(of.charAt(0)) ? TaskId.parse(of) : jobs.find(JobId.parse(parts[0]), of);
        var items = new ArrayList<Manifest.Item>();
        outputs.newest(task).ifPresent(made -> {
            for (var item : made.manifest().under(name)) {
                remember(made, item);
                items.add(item);
            }
        });
        if (items.isEmpty() && !mayMiss(task, name)) {
            throw new TransferException(
                    Failure.SOURCE_GONE, "task " + task + " made no output '" + name + "'; correct the name");
        }
        return new Manifest(items).text();
    }

    private boolean mayMiss(TaskId task, String name) {
        var work = jobs.spec(task.job()).work();
        return JobRun.task(work, JobRun.position(work, task.index())).mayMiss(name);
    }

    @Override
    public Sink put(NodeName peer, String path, long bytes) throws IOException {
        requireKnown(peer);
        if (peer.role() != NodeName.Role.WORKER) {
            throw new TransferException(Failure.REFUSED, "files come from workers");
        }
        return path.startsWith(OUTPUTS)
                ? new ManifestSink(peer.id(), attempt(path.substring(OUTPUTS.length())))
                : store.receive(object(path));
    }

    private static AttemptId attempt(String text) throws TransferException {
        try {
            var at = text.indexOf('@');
            return new AttemptId(TaskId.parse(text.substring(0, at)), Integer.parseInt(text.substring(at + 1)));
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new TransferException(Failure.REFUSED, "'" + text + "' is no attempt", e);
        }
    }

    /** Takes what an attempt made, if it is still the current one. */
    private final class ManifestSink implements Sink {
        private static final int MOST_BYTES = 64 << 20;

        private final String worker;
        private final AttemptId attempt;
        private final ByteArrayOutputStream text = new ByteArrayOutputStream();

        ManifestSink(String worker, AttemptId attempt) {
            this.worker = worker;
            this.attempt = attempt;
        }

        @Override
        public void write(ByteBuffer bytes) throws IOException {
            if (text.size() + bytes.remaining() > MOST_BYTES) {
                throw new TransferException(Failure.REFUSED, "attempt " + attempt + " made too many files");
            }
            var copy = new byte[bytes.remaining()];
            bytes.get(copy);
            text.writeBytes(copy);
        }

        @Override
        public void complete() throws IOException {
            if (!attempts.current(worker, attempt)) {
                throw new TransferException(
                        Failure.REFUSED,
                        "attempt " + attempt + " does not count any more; its task was given to others");
            }
            var manifest = Manifest.parse(text.toString(StandardCharsets.UTF_8));
            var made = new Outputs.Made(attempt, worker, manifest);
            outputs.record(made);
            if (!attempts.leads()) {
                // the one that does may have looked for it before it was there: the worker shall tell it
                throw new TransferException(Failure.SOURCE_LOST, "this manager leads no more; ask the one that does");
            }
            manifest.items().forEach(item -> remember(made, item));
            attempts.made(made);
        }

        @Override
        public void abort() {}
    }

    @Override
    public void close() {
        server.close();
        client.close();
        outputs.close();
        if (bucket != null) {
            bucket.close();
        }
    }
}
