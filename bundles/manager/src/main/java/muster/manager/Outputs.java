package muster.manager;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.ToIntFunction;
import muster.api.AttemptId;
import muster.api.JobId;
import muster.api.Names;
import muster.api.TaskId;
import muster.data.Manifest;
import muster.data.TransferException;

/**
 * What attempts made, a file for each: {@code JOB/INDEX/ATTEMPT}, whose first line is the worker and the rest its
 * {@link Manifest}. Of a task the newest counts. Thread-safe.
 */
final class Outputs {
    private static final String REASONS = "cache";

    private final Path root;

    Outputs(Path root) throws IOException {
        this.root = Files.createDirectories(root);
    }

    /** What an attempt made on a worker. */
    record Made(AttemptId attempt, String worker, Manifest manifest) {}

    private Path folder(JobId job) {
        return root.resolve(job.toString());
    }

    private Path folder(TaskId task) {
        return folder(task.job()).resolve(Integer.toString(task.index()));
    }

    /** Makes it durable. */
    void record(Made made) throws IOException {
        var folder = Files.createDirectories(folder(made.attempt().task()));
        var fresh = folder.resolve(UUID.randomUUID() + ".new");
        var text = made.worker() + "\n" + made.manifest().text();
        try (var channel = FileChannel.open(fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            write(channel, text);
            Files.move(
                    fresh, file(made.attempt()), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            Files.deleteIfExists(fresh);
            throw TransferException.local("the list of outputs", e);
        }
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
        Files.createLink(file(taken), file(made));
    }

    /** Notes why tasks of a job were not taken from the cache, by index. Makes durable also what was shared before. */
    void note(JobId job, Map<Integer, String> reasons) throws IOException {
        var lines = new StringBuilder();
        reasons.forEach((index, why) ->
                lines.append(index).append(' ').append(Names.escape(why)).append('\n'));
        var file = Files.createDirectories(folder(job)).resolve(REASONS);
        try (var channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            write(channel, lines.toString());
        }
    }

    private static void write(FileChannel channel, String text) throws IOException {
        var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        channel.force(true);
    }

    /** What was noted of a task; empty if nothing was. */
    String noted(TaskId task) {
        var begin = task.index() + " ";
        try (var lines = Files.lines(folder(task.job()).resolve(REASONS))) {
            return lines.filter(line -> line.startsWith(begin))
                    .findFirst()
                    .map(line -> line.substring(begin.length()))
                    .orElse("");
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Forgets jobs of higher ids, which were never accepted. */
    void removeAfter(long lastJob) {
        try (var jobs = Files.list(root)) {
            jobs.map(job -> JobId.parse(job.getFileName().toString()))
                    .filter(job -> job.value() > lastJob)
                    .forEach(this::remove);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the newest attempt of a task made that said so. */
    Optional<Made> newest(TaskId task) {
        var number = numbers(folder(task)).stream().max(Comparator.naturalOrder());
        return number.map(newest -> read(new AttemptId(task, newest)));
    }

    /** What the newest attempt of each task made, by rising index. */
    List<Made> of(JobId job) {
        var found = new ArrayList<Made>();
        for (var index : numbers(folder(job))) {
            newest(new TaskId(job, index)).ifPresent(found::add);
        }
        return found;
    }

    private Made read(AttemptId attempt) {
        try {
            var text = Files.readString(file(attempt));
            var end = text.indexOf('\n');
            return new Made(attempt, text.substring(0, end), Manifest.parse(text.substring(end + 1)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
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
            throw new UncheckedIOException(e);
        }
    }

    void remove(JobId job) {
        var folder = folder(job);
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
