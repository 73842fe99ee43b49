package muster.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Moves files between here and the manager. */
public final class Objects {
    private static final int MOST_TRIES = 5;

    private Objects() {}

    /** The name of a file's content: {@code sha256:…}. */
    public static String name(Path file) {
        try (var in = new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(OutputStream.nullOutputStream());
            return "sha256:" + HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (IOException e) {
            throw Failure.user("cannot read " + file + ": " + e, e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Uploads a file unless the manager has its content; goes on where an earlier upload broke off. */
    public static String upload(Client client, Path file) {
        var object = name(file);
        for (var tries = 1; ; tries++) {
            var status = client.get(Client.path("objects", object, "status"));
            if (!status.path("bytes").isNull()) {
                return object;
            }
            try {
                client.put(
                        Client.path("objects", object),
                        file,
                        status.path("uploaded").asLong());
                return object;
            } catch (Failure e) {
                if (e.exitCode() != ExitCode.EXTERNAL || tries == MOST_TRIES) {
                    throw e;
                }
            }
        }
    }

    /** Writes an object to a file, whole or not at all; begins anew where a download breaks off. */
    public static void download(Client client, String object, Path to, boolean executable) {
        write(to, fresh -> {
            for (var tries = 1; !bring(client, object, fresh); tries++) {
                if (tries == MOST_TRIES) {
                    throw Failure.external("the download of " + object + " broke off " + tries + " times; try again");
                }
            }
            if (executable && !fresh.toFile().setExecutable(true)) {
                throw new IOException("it cannot be made executable");
            }
        });
    }

    private static boolean bring(Client client, String object, Path to) throws IOException {
        try (var out = Files.newOutputStream(to)) {
            return client.download(Client.path("objects", object), out);
        }
    }

    /** Fills a file. */
    public interface Content {
        void to(Path file) throws IOException;
    }

    /** Writes a file, whole or not at all; and its folder, if that is not there. */
    public static void write(Path file, Content content) {
        var fresh = file.resolveSibling("." + file.getFileName() + ".part");
        try {
            var parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            try {
                content.to(fresh);
                Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(fresh);
            }
        } catch (IOException e) {
            throw Failure.user("cannot write " + file + ": " + e, e);
        }
    }

    /** What the tasks of a job made. */
    public static JsonNode outputs(Client client, String job) {
        return client.get("/objects?job=" + Client.escape(job)).path("items");
    }
}
