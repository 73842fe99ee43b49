package muster.executor.singularity;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.executor.Attempt;
import muster.api.executor.Pull;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Images that were fetched or converted, as files named by what they were made of: an archive by its content, an image of
 * a registry by its name. Each is made once, however many attempts wait for it. Thread-safe.
 */
final class Images implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Images.class);
    private static final int MOST_KNOWN = 1000;

    /** How long the task may take to start that an image was prepared for. */
    private static final Duration RECENT = Duration.ofMinutes(1);

    private static final int MOST_SAID = 1000;

    private final Path folder;
    private final Path temporary;
    private final Settings settings;
    private final ExecutorService readers;
    private final ExecutorService makers;
    private final Map<Path, CompletableFuture<Path>> making = new ConcurrentHashMap<>();
    private final Map<State, String> digests = new ConcurrentHashMap<>();
    private final Set<Process> processes = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /** By which a file that was read is known again. */
    private record State(Object key, long size, FileTime modified) {}

    /**
     * @param readers what reads archives to know them by their content
     * @param makers what fetches and converts
     */
    Images(Settings settings, ExecutorService readers, ExecutorService makers) {
        this.settings = settings;
        this.readers = readers;
        this.makers = makers;
        folder = settings.data().resolve("images");
        temporary = settings.data().resolve("tmp");
        readers.execute(this::removeLeftovers);
    }

    /** What a worker that crashed was making. */
    private void removeLeftovers() {
        for (var left : new Path[] {temporary, folder}) {
            try (var files = Files.exists(left) ? Files.walk(left) : Stream.<Path>empty()) {
                for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                    if (left.equals(temporary) || file.toString().endsWith(".part")) {
                        Files.delete(file);
                    }
                }
            } catch (IOException | UncheckedIOException e) {
                LOG.warn("What is left in {} is not removed", left, e);
            }
        }
    }

    /** What is being made; empty if nothing. */
    String progress() {
        return making.isEmpty()
                ? ""
                : "preparing " + making.size() + (making.size() == 1 ? " image" : " images") + " in " + folder;
    }

    /**
     * The file of an image of a registry; once it is there, if it has to be fetched. Fails with a {@link MusterException}.
     */
    CompletableFuture<Path> fetch(Image image, Pull pull, ContainerRuntime runtime) {
        var target =
                folder.resolve("ref-" + hex(digest().digest(image.source().getBytes(StandardCharsets.UTF_8))) + ".sif");
        if (pull != Pull.ALWAYS && Files.exists(target)) {
            return CompletableFuture.completedFuture(used(target));
        }
        if (pull == Pull.NEVER) {
            return CompletableFuture.failedFuture(MusterException.invalid("image '" + Names.escape(image.text())
                    + "' is not on this worker, which pulls none; give a file, or allow pull = missing"));
        }
        var command = new ArrayList<>(List.of(runtime.program().toString(), "--silent", "pull", "--force"));
        if (!settings.credentials().isEmpty()) {
            command.addAll(List.of("--authfile", settings.credentials()));
        }
        return make(target, image, null, command, runtime);
    }

    /** The file into which an archive is converted; once it is there. Fails with a {@link MusterException}. */
    CompletableFuture<Path> convert(Image image, Attempt attempt, Path archive, ContainerRuntime runtime) {
        return CompletableFuture.supplyAsync(() -> content(image, attempt, archive), readers)
                .thenCompose(content -> {
                    var target = folder.resolve("sha256-" + content.digest() + ".sif");
                    if (Files.exists(target)) {
                        content.discard();
                        return CompletableFuture.completedFuture(used(target));
                    }
                    var command = List.of(runtime.program().toString(), "--silent", "build", "--force");
                    return make(target, image, content, command, runtime);
                });
    }

    /**
     * What an archive holds.
     *
     * @param copy of the worker's own: that of the task may go away meanwhile, or become another; null if it is known that
     *     it is converted
     */
    private record Content(String digest, @Nullable Path copy) {
        void discard() {
            try {
                if (copy != null) {
                    Files.deleteIfExists(copy);
                }
            } catch (IOException e) {
                LOG.warn("{} is left", copy, e);
            }
        }
    }

    private Content content(Image image, Attempt attempt, Path archive) {
        try (var in = attempt.asUser(() -> Files.newInputStream(archive))) {
            var attributes = attempt.asUser(() -> Files.readAttributes(archive, BasicFileAttributes.class));
            var state =
                    new State(String.valueOf(attributes.fileKey()), attributes.size(), attributes.lastModifiedTime());
            var known = digests.get(state);
            if (known != null && Files.exists(folder.resolve("sha256-" + known + ".sif"))) {
                used(folder.resolve("sha256-" + known + ".sif"));
                return new Content(known, null);
            }
            var copy = Files.createTempFile(Files.createDirectories(temporary), "archive", ".tar");
            var digest = digest();
            try (var out = new DigestOutputStream(Files.newOutputStream(copy), digest)) {
                in.transferTo(out);
            }
            if (digests.size() >= MOST_KNOWN) {
                digests.clear();
            }
            var content = hex(digest.digest());
            digests.put(state, content);
            return new Content(content, copy);
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.INVALID,
                    "image '" + Names.escape(image.text()) + "' cannot be read: " + e.getMessage(),
                    e);
        }
    }

    private CompletableFuture<Path> make(
            Path target, Image image, @Nullable Content content, List<String> command, ContainerRuntime runtime) {
        var mine = new CompletableFuture<Path>();
        var others = making.putIfAbsent(target, mine);
        if (others != null) {
            if (content != null) {
                content.discard();
            }
            return others;
        }
        makers.execute(() -> {
            try {
                makeNow(target, image, content, command, runtime);
                making.remove(target, mine);
                mine.complete(target);
            } catch (MusterException e) {
                making.remove(target, mine);
                mine.completeExceptionally(e);
            } catch (IOException | RuntimeException e) {
                LOG.warn("Image {} cannot be prepared", Names.escape(image.text()), e);
                making.remove(target, mine);
                mine.completeExceptionally(new MusterException(
                        ErrorCode.UNAVAILABLE,
                        "image '" + Names.escape(image.text()) + "' cannot be prepared in " + folder + ": " + e,
                        e));
            } finally {
                if (content != null) {
                    content.discard();
                }
            }
        });
        return mine;
    }

    private void makeNow(
            Path target, Image image, @Nullable Content content, List<String> command, ContainerRuntime runtime)
            throws IOException {
        Files.createDirectories(folder);
        Files.createDirectories(temporary);
        var part = folder.resolve("." + target.getFileName() + ".part");
        var whole = new ArrayList<>(command);
        whole.addAll(List.of(part.toString(), source(image, content)));
        LOG.info("Preparing image {}", Names.escape(image.text()));
        var builder = new ProcessBuilder(whole).redirectErrorStream(true);
        builder.redirectInput(Path.of("/dev/null").toFile());
        builder.environment()
                .put(
                        runtime.prefix() + "_CACHEDIR",
                        settings.data().resolve("layers").toString());
        builder.environment().put(runtime.prefix() + "_TMPDIR", temporary.toString());
        var process = builder.start();
        processes.add(process);
        try (var out = process.getInputStream()) {
            if (closed) {
                process.destroyForcibly();
            }
            var said = new String(out.readAllBytes(), StandardCharsets.UTF_8).strip();
            if (process.waitFor() != 0) {
                throw failure(
                        image,
                        said.substring(Math.max(0, said.length() - MOST_SAID)).replace("FATAL:   ", ""));
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            used(target);
            LOG.info("Image {} is prepared: {}", Names.escape(image.text()), target);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure(image, "interrupted");
        } finally {
            process.destroyForcibly();
            processes.remove(process);
            Files.deleteIfExists(part);
        }
        trim();
    }

    private static String source(Image image, @Nullable Content content) {
        return content == null ? image.source() : "docker-archive:" + content.copy();
    }

    private MusterException failure(Image image, String said) {
        if (closed) {
            return new MusterException(ErrorCode.UNAVAILABLE, "the singularity executor was stopped");
        }
        var archive = image.kind() == Image.Kind.ARCHIVE;
        var unknown = said.contains("manifest unknown") || said.contains("not found") || said.contains("404");
        return new MusterException(
                archive || unknown ? ErrorCode.INVALID : ErrorCode.UNAVAILABLE,
                "image '" + Names.escape(image.text()) + "' cannot be "
                        + (archive ? "converted; is it what 'docker save' writes? " : "pulled: ")
                        + Names.escape(said));
    }

    /** Removes the images that were not used for longest, until the rest is within its bound; none that was just used. */
    private synchronized void trim() throws IOException {
        List<Path> files;
        try (var entries = Files.list(folder)) {
            files = entries.filter(file -> file.toString().endsWith(".sif"))
                    .sorted(Comparator.comparing(Images::modified))
                    .collect(Collectors.toCollection(ArrayList::new));
        }
        var bytes = 0L;
        for (var file : files) {
            bytes += Files.size(file);
        }
        var recent = Instant.now().minus(RECENT);
        for (var file : files) {
            if (bytes <= settings.cacheBytes() || modified(file).isAfter(recent)) {
                return;
            }
            bytes -= Files.size(file);
            // what runs from it has it open
            Files.delete(file);
            LOG.info("Image file {} is removed to make room", file);
        }
    }

    private static Instant modified(Path file) {
        try {
            return Files.getLastModifiedTime(file).toInstant();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path used(Path file) {
        try {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        } catch (IOException e) {
            LOG.debug("The use of {} is not noted: {}", file, e.toString());
        }
        return file;
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    /** Ends what is being fetched and converted; whoever waits for it is told. */
    @Override
    public void close() {
        closed = true;
        processes.forEach(Process::destroyForcibly);
    }
}
