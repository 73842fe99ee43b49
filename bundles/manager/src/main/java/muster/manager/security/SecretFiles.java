package muster.manager.security;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import muster.api.ErrorCode;
import muster.api.MusterException;

/** A folder of secrets: mode 0700, its files 0600, each written whole or not at all. */
final class SecretFiles implements Vault {
    private final Path folder;

    SecretFiles(Path folder) {
        this.folder = folder;
        try {
            Files.createDirectories(folder);
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        } catch (IOException e) {
            throw unusable(folder, e);
        }
    }

    private static MusterException unusable(Path path, IOException e) {
        return new MusterException(
                ErrorCode.UNAVAILABLE,
                path + " cannot be used: " + e.getMessage()
                        + "; see that it belongs to this user and the disk has room, or set security in"
                        + " etc/muster.manager.cfg",
                e);
    }

    Path path(String name) {
        return folder.resolve(name);
    }

    @Override
    public String place(String name) {
        return path(name).toString();
    }

    @Override
    public Optional<byte[]> read(String name) {
        try {
            return Optional.of(Files.readAllBytes(path(name)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw unusable(path(name), e);
        }
    }

    @Override
    public void begin(Map<String, byte[]> secrets) {
        secrets.forEach(this::write);
    }

    @Override
    public void write(String name, byte[] bytes) {
        var draft = path("." + name + ".new");
        try {
            Files.deleteIfExists(draft);
            Files.createFile(draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try (var channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
                var buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            Files.move(draft, path(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw unusable(path(name), e);
        }
    }
}
