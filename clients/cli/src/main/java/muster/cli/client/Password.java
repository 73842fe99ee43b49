package muster.cli.client;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Base64;

/**
 * A user's name and password.
 *
 * @param file where they stand
 */
public record Password(String name, String password, Authority authority, Path file) implements Credentials {
    /** Reads a file of one line, {@code NAME:PASSWORD}, which other users of the machine must not be able to read. */
    public static Password of(Path file, Authority authority) {
        try {
            var permissions = Files.getPosixFilePermissions(file);
            if (permissions.contains(PosixFilePermission.OTHERS_READ)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
                throw Failure.user("the password file " + file
                        + " can be read or written by every user of this machine; run chmod 600 " + file);
            }
            var lines = Files.readString(file).lines().toList();
            var colon = lines.size() == 1 ? lines.get(0).indexOf(':') : -1;
            if (colon < 1 || colon == lines.get(0).length() - 1) {
                throw Failure.user("the password file " + file + " has not the form of one line NAME:PASSWORD");
            }
            return new Password(lines.get(0).substring(0, colon), lines.get(0).substring(colon + 1), authority, file);
        } catch (IOException e) {
            throw Failure.user("the password file " + file + " cannot be read: " + e, e);
        }
    }

    @Override
    public String authorization() {
        var pair = (name + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    @Override
    public String unknown() {
        return "knows nobody by the name '" + name + "' and this password; correct " + file;
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "Password[" + name + "]";
    }
}
