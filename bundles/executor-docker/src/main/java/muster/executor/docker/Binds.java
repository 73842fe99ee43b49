package muster.executor.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import muster.api.MusterException;
import muster.api.Names;
import muster.executor.docker.Settings.Bind;
import org.jspecify.annotations.Nullable;

/** Which paths of this machine a task may see. Symbolic links are followed before anything is compared. */
final class Binds {
    /** Whoever can write to one of them is root on this machine. */
    private static final List<Path> SOCKETS = Stream.of(
                    "/run/docker.sock",
                    "/run/podman/podman.sock",
                    "/run/containerd/containerd.sock",
                    "/run/crio/crio.sock")
            .map(Path::of)
            .toList();

    private final List<Bind> allowed;
    private final List<Path> sockets = new ArrayList<>(SOCKETS);

    Binds(List<Bind> allowed, Path socket) {
        this.allowed = allowed;
        sockets.add(socket);
    }

    /** A mount. */
    record Mount(Path source, String target, boolean writable) {}

    /** Reads {@code SOURCE[:TARGET][:ro|rw]}; read-only unless it says {@code rw}. */
    Mount parse(Object text) {
        var parts = new ArrayList<>(List.of(String.valueOf(text).split(":", -1)));
        var last = parts.get(parts.size() - 1);
        var writable = last.equals("rw");
        if (writable || last.equals("ro")) {
            parts.remove(parts.size() - 1);
        }
        if (parts.isEmpty() || parts.size() > 2 || parts.stream().anyMatch(part -> !part.startsWith("/"))) {
            throw MusterException.invalid("bind '" + Names.escape(String.valueOf(text))
                    + "' is not understood; write SOURCE[:TARGET][:ro|rw] with paths that start with /");
        }
        return new Mount(require(Path.of(parts.get(0)), writable), parts.get(parts.size() - 1), writable);
    }

    /** The real path of what a task may mount. USER error if it may not. */
    Path require(Path path, boolean writable) {
        var real = real(path);
        if (real == null) {
            throw MusterException.invalid("path '" + path + "' is not on this worker; make it there");
        }
        requireNoSocket(path, real);
        var covering =
                allowed.stream().filter(bind -> isBelow(real, bind.path())).toList();
        if (covering.isEmpty() || (writable && covering.stream().noneMatch(Bind::writable))) {
            throw MusterException.invalid("path '" + path + "' may not be "
                    + (covering.isEmpty() ? "seen" : "written") + " by containers; have the worker's operator add "
                    + real + (writable ? ":rw" : "") + " to binds in muster.executor.docker.cfg");
        }
        return real;
    }

    private void requireNoSocket(Path path, Path real) {
        for (var socket : sockets) {
            var there = real(socket);
            if (there != null && there.startsWith(real)) {
                throw MusterException.invalid("path '" + path + "' may not be seen by containers: it holds the socket "
                        + there + " of a daemon, which would make a task root on this machine");
            }
        }
        if (!Files.isDirectory(real) && !Files.isRegularFile(real)) {
            throw MusterException.invalid(
                    "path '" + path + "' is a socket, pipe or device; mount files and folders alone");
        }
    }

    /** Whether a file, or the folder that it will be made in, is in a folder once links are followed. */
    static boolean isIn(Path file, Path folder) {
        var real = real(file);
        if (real == null) {
            var parent = file.getParent();
            real = parent == null || Files.isSymbolicLink(file) ? null : real(parent);
        }
        return real != null && real.startsWith(Objects.requireNonNullElse(real(folder), folder));
    }

    private static boolean isBelow(Path real, Path folder) {
        var root = real(folder);
        return root != null && real.startsWith(root);
    }

    private static @Nullable Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return null;
        }
    }
}
