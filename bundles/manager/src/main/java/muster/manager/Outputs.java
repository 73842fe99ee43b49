package muster.manager;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import muster.api.AttemptId;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.TaskId;
import muster.data.Bucket;
import muster.data.Manifest;
import muster.data.Sink;
import muster.data.TransferException;
import org.jspecify.annotations.Nullable;

/**
 * What attempts made, a file for each: {@code JOB/INDEX/ATTEMPT}, whose first line is the worker and the rest its
 * {@link Manifest}. Of a task the newest counts. Thread-safe.
 *
 * <p>With a bucket, the files are there, and the folder has what this manager wrote or asked for since its start: of a job
 * that it is asked for the first time the names, as empty files, and the content of those that are read.
 */
final class Outputs implements AutoCloseable {
    private static final String REASONS = "cache";
    private static final String PREFIX = "outputs/";
    private static final int READERS = 32;

    private final Path root;
    private final @Nullable Bucket bucket;
    private final ExecutorService pool = Executors.newFixedThreadPool(READERS, task -> {
        var thread = new Thread(task, "muster-outputs");
        thread.setDaemon(true);
        return thread;
    });

    /** A bucket answers many at a time no later than one; a disk needs nobody beside who asks. */
    private final Executor readers;

    /** The jobs whose names are here. */
    private final Map<JobId, Boolean> known = new ConcurrentHashMap<>();

    Outputs(Path root, @Nullable Bucket bucket) throws IOException {
        this.root = root;
        this.bucket = bucket;
        readers = bucket == null ? Runnable::run : pool;
        if (bucket != null && Files.exists(root)) {
            // another manager may have led meanwhile
            delete(root);
        }
        Files.createDirectories(root);
    }

    /** What an attempt made on a worker. */
    record Made(AttemptId attempt, String worker, Manifest manifest) {
        /** How much of it is left on the worker. */
        long leftBytes() {
            return manifest.items().stream()
                    .filter(item -> !item.kept())
                    .mapToLong(Manifest.Item::bytes)
                    .sum();
        }
    }

    private Path folder(JobId job) {
        if (bucket != null) {
            known.computeIfAbsent(job, this::bringNames);
        }
        return root.resolve(job.toString());
    }

    /** What is below a name in the bucket stands in the order of jobs. */
    private static String name(JobId job) {
        return PREFIX + String.format(Locale.ROOT, "%019d", job.value());
    }

    private static JobId job(String name) {
        return new JobId(Long.parseLong(name.substring(PREFIX.length(), name.indexOf('/', PREFIX.length()))));
    }

    private String name(Path file) {
        var path = root.relativize(file);
        return name(JobId.parse(path.getName(0).toString())) + "/" + path.subpath(1, path.getNameCount());
    }

    private boolean bringNames(JobId job) {
        var folder = root.resolve(job.toString());
        var begin = name(job) + "/";
        try {
            var names = new ArrayList<String>();
            Objects.requireNonNull(bucket).list(begin, "", (name, since) -> names.add(name));
            for (var name : names) {
                var file = folder.resolve(name.substring(begin.length()));
                Files.createDirectories(file.getParent());
                // some are there if it failed half way before
                if (Files.notExists(file)) {
                    Files.createFile(file);
                }
            }
            return true;
        } catch (IOException e) {
            throw told(e);
        }
    }

    /** Writes a file that was not there, durably. */
    private void write(Path file, String text) throws IOException {
        var fresh = file.resolveSibling(UUID.randomUUID() + ".new");
        try {
            try (var channel = FileChannel.open(fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            keep(file, fresh);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            Files.deleteIfExists(fresh);
            throw TransferException.local("the list of outputs", e);
        }
    }

    private void keep(Path file, Path content) throws IOException {
        if (bucket != null) {
            bucket.put(name(file), content);
        }
    }

    /** A file with its content. */
    private Path filled(Path file) throws IOException {
        if (bucket != null && Files.size(file) == 0) {
            var fresh = file.resolveSibling(UUID.randomUUID() + ".new");
            try {
                bucket.get(name(file), new FileSink(fresh));
                Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(fresh);
            }
        }
        return file;
    }

    private static MusterException told(IOException e) {
        return new MusterException(
                ErrorCode.UNAVAILABLE,
                String.valueOf(TransferException.local("the list of outputs", e).getMessage()),
                e);
    }

    private static final class FileSink implements Sink {
        private final FileChannel channel;

        FileSink(Path file) throws IOException {
            channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        }

        @Override
        public void write(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }

        @Override
        public void complete() throws IOException {
            channel.close();
        }

        @Override
        public void abort() {
            try {
                channel.close();
            } catch (IOException e) {
                throw told(e);
            }
        }
    }

    private Path folder(TaskId task) {
        return folder(task.job()).resolve(Integer.toString(task.index()));
    }

    /** Makes it durable. */
    void record(Made made) throws IOException {
        Files.createDirectories(folder(made.attempt().task()));
        write(file(made.attempt()), made.worker() + "\n" + made.manifest().text());
    }

    /** What an attempt made; empty if it is not known any more. */
    Optional<Made> find(AttemptId attempt) {
        return Files.exists(file(attempt)) ? Optional.of(read(attempt)) : Optional.empty();
    }

    private Path file(AttemptId attempt) {
        return folder(attempt.task()).resolve(Integer.toString(attempt.number()));
    }

    /** What every attempt of a task made that said so, by rising number. */
    List<Made> all(TaskId task) {
        return numbers(folder(task)).stream()
                .map(number -> read(new AttemptId(task, number)))
                .toList();
    }

    /** From now on what one attempt made was made by the other too, whatever becomes of the first. */
    void share(AttemptId made, AttemptId taken) throws IOException {
        Files.createDirectories(folder(taken.task()));
        Files.createLink(file(taken), filled(file(made)));
        keep(file(taken), file(taken));
    }

    /** Notes why tasks of a job were not taken from the cache, by index. Makes durable also what was shared before. */
    void note(JobId job, Map<Integer, String> reasons) throws IOException {
        var lines = new StringBuilder();
        reasons.forEach((index, why) ->
                lines.append(index).append(' ').append(Names.escape(why)).append('\n'));
        write(Files.createDirectories(folder(job)).resolve(REASONS), lines.toString());
    }

    /** What was noted of a task; empty if nothing was. */
    String noted(TaskId task) {
        var begin = task.index() + " ";
        try (var lines = Files.lines(filled(folder(task.job()).resolve(REASONS)))) {
            return lines.filter(line -> line.startsWith(begin))
                    .findFirst()
                    .map(line -> line.substring(begin.length()))
                    .orElse("");
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            throw told(e);
        }
    }

    /**
     * Forgets jobs of higher ids, which a store does not know that was set back.
     *
     * @param leads whether this manager still leads: the jobs of another are none of its
     */
    void removeAfter(long lastJob, BooleanSupplier leads) {
        var gone = new TreeSet<JobId>(Comparator.comparing(JobId::value));
        try (var jobs = Files.list(root)) {
            jobs.map(job -> JobId.parse(job.getFileName().toString()))
                    .filter(job -> job.value() > lastJob)
                    .forEach(gone::add);
            if (bucket != null) {
                bucket.list(PREFIX, name(new JobId(lastJob + 1)), (name, since) -> gone.add(job(name)));
            }
        } catch (IOException e) {
            throw told(e);
        }
        gone.forEach(job -> remove(job, leads));
    }

    /** The jobs of which something is here since before. */
    Set<JobId> older(Instant before) throws IOException {
        var found = new HashSet<JobId>();
        if (bucket != null) {
            bucket.list(PREFIX, "", (name, since) -> {
                if (since.isBefore(before)) {
                    found.add(job(name));
                }
            });
            return found;
        }
        try (var jobs = Files.list(root)) {
            for (var folder : (Iterable<Path>) jobs::iterator) {
                if (Files.getLastModifiedTime(folder).toInstant().isBefore(before)) {
                    found.add(JobId.parse(folder.getFileName().toString()));
                }
            }
        }
        return found;
    }

    /** What the newest attempt of a task made that said so. */
    Optional<Made> newest(TaskId task) {
        var number = numbers(folder(task)).stream().max(Comparator.naturalOrder());
        return number.map(newest -> read(new AttemptId(task, newest)));
    }

    /** What the newest attempt of each task made, by rising index. */
    List<Made> of(JobId job) {
        var reads = numbers(folder(job)).stream()
                .map(index -> CompletableFuture.supplyAsync(() -> newest(new TaskId(job, index)), readers))
                .toList();
        try {
            return reads.stream()
                    .map(CompletableFuture::join)
                    .flatMap(Optional::stream)
                    .toList();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException known ? known : e;
        }
    }

    /** Every object that attempts of a job made. */
    void objects(JobId job, Consumer<String> told) {
        for (var index : numbers(folder(job))) {
            for (var made : all(new TaskId(job, index))) {
                made.manifest().items().forEach(item -> told.accept(item.object()));
            }
        }
    }

    @Override
    public void close() {
        pool.shutdownNow();
    }

    private Made read(AttemptId attempt) {
        try {
            var text = Files.readString(filled(file(attempt)));
            var end = text.indexOf('\n');
            return new Made(attempt, text.substring(0, end), Manifest.parse(text.substring(end + 1)));
        } catch (IOException e) {
            throw told(e);
        }
    }

    /** The names in a folder that are numbers, rising. */
    private static List<Integer> numbers(Path folder) {
        ToIntFunction<Path> number = path -> Integer.parseInt(path.getFileName().toString());
        try (var files = Files.list(folder)) {
            return files.filter(path -> path.getFileName().toString().chars().allMatch(c -> c >= '0' && c <= '9'))
                    .mapToInt(number)
                    .sorted()
                    .boxed()
                    .toList();
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        } catch (IOException e) {
            throw told(e);
        }
    }

    /** Forgets a job that will never be there again. */
    void remove(JobId job) {
        remove(job, () -> true);
    }

    private void remove(JobId job, BooleanSupplier may) {
        try {
            if (bucket != null) {
                var names = new ArrayList<String>();
                bucket.list(name(job) + "/", "", (name, since) -> names.add(name));
                for (var name : names) {
                    require(may);
                    bucket.remove(name);
                }
            }
            var folder = root.resolve(job.toString());
            require(may);
            if (Files.isDirectory(folder)) {
                delete(folder);
            }
            known.remove(job);
        } catch (IOException e) {
            throw told(e);
        }
    }

    private static void require(BooleanSupplier leads) {
        if (!leads.getAsBoolean()) {
            throw new MusterException(ErrorCode.UNAVAILABLE, "this manager leads no more");
        }
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
