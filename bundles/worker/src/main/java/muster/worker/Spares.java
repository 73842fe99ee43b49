package muster.worker;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Deque;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folders and files that attempts left empty, given to later ones under new names: making and removing them is much of
 * what a short command costs, most of all where a file system does not use again what was removed just now. Only what is
 * as the worker made it is kept: of its own user, with the same permissions, and under no other name. Thread-safe.
 */
final class Spares {
    private static final Logger LOG = LoggerFactory.getLogger(Spares.class);

    /** Of each, which is more than attempts begin and end at a time. */
    private static final int MOST = 64;

    /** What {@code st_mode} is of folders and files for their owner alone. */
    private static final int FOLDER = 0040700;

    private static final int FILE = 0100600;

    private final Path root;
    private final int uid;
    private final AtomicLong names = new AtomicLong();
    private final Deque<Path> folders = new ConcurrentLinkedDeque<>();
    private final Deque<Path> files = new ConcurrentLinkedDeque<>();

    /** @param root an empty folder of the worker's, in the file system of what is kept */
    Spares(Path root) throws IOException {
        this.root = root;
        uid = (int) Objects.requireNonNull(Files.getAttribute(root, "unix:uid"));
    }

    /** Moves a folder to where nothing is; false if there is none. */
    boolean takeFolder(Path target) {
        return take(folders, target);
    }

    /** Moves an empty file to where nothing is; false if there is none. */
    boolean takeFile(Path target) {
        return take(files, target);
    }

    private static boolean take(Deque<Path> spares, Path target) {
        var spare = spares.poll();
        if (spare == null) {
            return false;
        }
        if (move(spare, target)) {
            return true;
        }
        spares.add(spare);
        return false;
    }

    /**
     * Keeps a folder in which are these folders and nothing else; false if it stays where it is.
     *
     * @param shown whether somebody who looked at it may still do so; asked when nobody can begin to any more
     */
    boolean keepFolder(Path folder, Set<String> inside, BooleanSupplier shown) {
        if (folders.size() >= MOST || !isAsMade(folder, inside)) {
            return false;
        }
        var spare = nameless();
        if (!move(folder, spare)) {
            return false;
        }
        if (shown.getAsBoolean()) {
            WorkFolder.remove(spare);
        } else {
            folders.add(spare);
        }
        return true;
    }

    /** Likewise a file, of which nothing is left. */
    boolean keepFile(Path file, BooleanSupplier shown) {
        try {
            if (files.size() >= MOST || !isAsMade(file, FILE)) {
                return false;
            }
            var spare = nameless();
            if (!move(file, spare)) {
                return false;
            }
            if (shown.getAsBoolean()) {
                Files.delete(spare);
            } else {
                empty(spare);
                files.add(spare);
            }
            return true;
        } catch (IOException e) {
            LOG.debug("'{}' is not used again", file, e);
            return false;
        }
    }

    private static void empty(Path file) throws IOException {
        if (Files.size(file) > 0) {
            try (var channel = FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
                channel.truncate(0);
            }
        }
    }

    private boolean isAsMade(Path folder, Set<String> inside) {
        try {
            if (!isAsMade(folder, FOLDER) || !names(folder).equals(inside)) {
                return false;
            }
            for (var name : inside) {
                var within = folder.resolve(name);
                if (!isAsMade(within, FOLDER) || !names(within).isEmpty()) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            LOG.debug("'{}' is not used again", folder, e);
            return false;
        }
    }

    private boolean isAsMade(Path path, int mode) throws IOException {
        var attributes = Files.readAttributes(path, "unix:mode,uid,nlink", LinkOption.NOFOLLOW_LINKS);
        return Objects.equals(attributes.get("mode"), mode)
                && Objects.equals(attributes.get("uid"), uid)
                && (mode == FOLDER || Objects.equals(attributes.get("nlink"), 1));
    }

    private static Set<String> names(Path folder) throws IOException {
        var names = new HashSet<String>();
        try (var entries = Files.newDirectoryStream(folder)) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
        }
        return names;
    }

    private Path nameless() {
        return root.resolve(Long.toString(names.incrementAndGet()));
    }

    private static boolean move(Path from, Path to) {
        try {
            Files.move(from, to);
            return true;
        } catch (IOException e) {
            LOG.debug("Cannot move '{}' to '{}'", from, to, e);
            return false;
        }
    }
}
