package muster.executor.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import muster.api.MusterException;
import muster.api.Names;
import org.jspecify.annotations.Nullable;

/**
 * The folders that a worker lets confined tasks see, beside their own. Symbolic links are followed before anything is
 * compared.
 *
 * @param setting the key that names them and its file, for messages
 */
public record Folders(List<Folder> allowed, String setting) {
    public Folders {
        allowed = List.copyOf(allowed);
    }

    /** A folder, or a file. */
    public record Folder(Path path, boolean writable) {}

    /** Reads {@code PATH[:ro|rw],…}; read-only unless it says {@code rw}. */
    public static Folders parse(String text, String setting) {
        return new Folders(
                Arrays.stream(text.split(","))
                        .map(String::strip)
                        .filter(entry -> !entry.isEmpty())
                        .map(entry -> folder(entry, setting))
                        .toList(),
                setting);
    }

    private static Folder folder(String entry, String setting) {
        var writable = entry.endsWith(":rw");
        var path = writable || entry.endsWith(":ro") ? entry.substring(0, entry.length() - 3) : entry;
        if (!path.startsWith("/") || path.indexOf(':') >= 0) {
            throw MusterException.invalid("'" + Names.escape(entry) + "' in " + setting
                    + " is not understood; write PATH[:ro|rw] with a path that starts with /");
        }
        return new Folder(Path.of(path).normalize(), writable);
    }

    /** These, and one more. */
    Folders with(Path path, boolean writable) {
        var more = new ArrayList<>(allowed);
        more.add(new Folder(path, writable));
        return new Folders(more, setting);
    }

    /** The real path of what a task wants to see or write. INVALID if it is not there, or not in one of these. */
    public Path require(String what, Path path, boolean writable) {
        var real = real(path);
        if (real == null) {
            throw MusterException.invalid(what + " '" + path + "' is not on this worker; make it there");
        }
        var covering = allowed.stream().filter(folder -> covers(folder, real)).toList();
        if (covering.isEmpty() || (writable && covering.stream().noneMatch(Folder::writable))) {
            throw MusterException.invalid(what + " '" + path + "' may not be "
                    + (covering.isEmpty() ? "seen" : "written") + " by this task; have the worker's operator add "
                    + real
                    + (writable ? ":rw" : "") + " to " + setting);
        }
        return real;
    }

    private static boolean covers(Folder folder, Path real) {
        var root = real(folder.path());
        return root != null && real.startsWith(root);
    }

    private static @Nullable Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return null;
        }
    }

    /** As {@link #require} for a file that may have to be made. */
    Path requireFile(String what, Path file, boolean writable) {
        if (Files.exists(file) || Files.isSymbolicLink(file) || file.getParent() == null) {
            return require(what, file, writable);
        }
        return require(what, file.getParent(), writable).resolve(file.getFileName());
    }
}
