package muster.api.executor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * The folders that a worker lets confined tasks see, beside their own. Symbolic links are followed before anything is
 * compared.
 *
 * @param setting the key that names them and its file, for messages
 * @param sockets of container daemons, which no task sees: whoever can write to one of them is root on this machine
 */
public record Folders(List<Folder> allowed, String setting, List<Path> sockets) {
    private static final List<Path> SOCKETS = Stream.of(
                    "/run/docker.sock",
                    "/run/podman/podman.sock",
                    "/run/containerd/containerd.sock",
                    "/run/crio/crio.sock")
            .map(Path::of)
            .toList();

    public Folders {
        allowed = List.copyOf(allowed);
        sockets = List.copyOf(sockets);
    }

    /** A folder, or a file. */
    public record Folder(Path path, boolean writable) {}

    /**
     * What a task sees of this machine.
     *
     * @param target absolute path at which it sees it
     */
    public record Mount(Path source, String target, boolean writable) {}

    /** Reads {@code PATH[:ro|rw],…}; read-only unless it says {@code rw}. */
    public static Folders parse(String text, String setting) {
        return new Folders(
                Arrays.stream(text.split(","))
                        .map(String::strip)
                        .filter(entry -> !entry.isEmpty())
                        .map(entry -> folder(entry, setting))
                        .toList(),
                setting,
                SOCKETS);
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
    public Folders with(Path path, boolean writable) {
        var more = new ArrayList<>(allowed);
        more.add(new Folder(path, writable));
        return new Folders(more, setting, sockets);
    }

    /** These, and one more socket of a daemon. */
    public Folders withSocket(Path socket) {
        var more = new ArrayList<>(sockets);
        more.add(socket);
        return new Folders(allowed, setting, more);
    }

    /** What the parameter {@code binds} of a task asks for: a list, or text with commas, as {@link #mount} reads them. */
    public List<Mount> mounts(Parameters parameters) {
        var binds = parameters.values().get("binds");
        if (binds == null) {
            return List.of();
        }
        var entries = binds instanceof List<?> list
                ? list
                : List.of(String.valueOf(binds).split(","));
        return entries.stream().map(entry -> mount(String.valueOf(entry))).toList();
    }

    /** Reads {@code SOURCE[:TARGET][:ro|rw]}; read-only unless it says {@code rw}. INVALID if the task may not see it. */
    public Mount mount(String text) {
        var parts = new ArrayList<>(List.of(text.split(":", -1)));
        var last = parts.get(parts.size() - 1);
        var writable = last.equals("rw");
        if (writable || last.equals("ro")) {
            parts.remove(parts.size() - 1);
        }
        if (parts.isEmpty() || parts.size() > 2 || parts.stream().anyMatch(part -> !part.startsWith("/"))) {
            throw MusterException.invalid("bind '" + Names.escape(text)
                    + "' is not understood; write SOURCE[:TARGET][:ro|rw] with paths that start with /");
        }
        var source = Path.of(parts.get(0));
        var real = require("path", source, writable);
        if (!Files.isDirectory(real) && !Files.isRegularFile(real)) {
            throw MusterException.invalid(
                    "path '" + source + "' is a socket, pipe or device; mount files and folders alone");
        }
        return new Mount(real, parts.get(parts.size() - 1), writable);
    }

    /** The real path of what a task wants to see or write. INVALID if it is not there, or not in one of these. */
    public Path require(String what, Path path, boolean writable) {
        var real = real(path);
        if (real == null) {
            throw MusterException.invalid(what + " '" + path + "' is not on this worker; make it there");
        }
        for (var socket : sockets) {
            var there = real(socket);
            if (there != null && there.startsWith(real)) {
                throw MusterException.invalid(
                        what + " '" + path + "' may not be seen by this task: it holds the socket " + there
                                + " of a daemon, which would make the task root on this machine");
            }
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

    /** Whether a file, or the folder that it will be made in, is in a folder. */
    public static boolean isIn(Path file, Path folder) {
        var real = real(file);
        if (real == null) {
            var parent = file.getParent();
            real = parent == null || Files.isSymbolicLink(file) ? null : real(parent);
        }
        return real != null && real.startsWith(Objects.requireNonNullElse(real(folder), folder));
    }

    /** As {@link #require} for a file that may have to be made. */
    public Path requireFile(String what, Path file, boolean writable) {
        if (Files.exists(file) || Files.isSymbolicLink(file) || file.getParent() == null) {
            return require(what, file, writable);
        }
        return require(what, file.getParent(), writable).resolve(file.getFileName());
    }
}
