package muster.manager;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import muster.data.Bucket;
import muster.data.Sink;
import muster.data.TransferException;

/** A bucket that is a folder. */
class FolderBucket implements Bucket {
    private final Path root;

    FolderBucket(Path root) throws IOException {
        this.root = Files.createDirectories(root);
    }

    @Override
    public void check() {}

    @Override
    public void put(String name, Path file) throws IOException {
        var to = root.resolve(name);
        Files.createDirectories(to.getParent());
        Files.copy(file, to, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void get(String name, Sink sink) throws IOException {
        if (!Files.exists(root.resolve(name))) {
            sink.abort();
            throw new TransferException(TransferException.Failure.SOURCE_GONE, name + " is not there");
        }
        sink.write(ByteBuffer.wrap(Files.readAllBytes(root.resolve(name))));
        sink.complete();
    }

    @Override
    public OptionalLong size(String name) throws IOException {
        var file = root.resolve(name);
        return Files.exists(file) ? OptionalLong.of(Files.size(file)) : OptionalLong.empty();
    }

    @Override
    public void list(String prefix, String after, BiConsumer<String, Instant> names) throws IOException {
        try (var files = Files.walk(root)) {
            files.filter(Files::isRegularFile)
                    .map(file -> root.relativize(file).toString())
                    .filter(name -> name.startsWith(prefix) && name.compareTo(after) > 0)
                    .sorted()
                    .forEach(name -> names.accept(name, modified(root.resolve(name))));
        }
    }

    private static Instant modified(Path file) {
        try {
            return Files.getLastModifiedTime(file).toInstant();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void removePartial(Instant before) {}

    @Override
    public void remove(String name) throws IOException {
        Files.deleteIfExists(root.resolve(name));
    }

    @Override
    public void close() {}
}
