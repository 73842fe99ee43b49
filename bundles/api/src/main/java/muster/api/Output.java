package muster.api;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * A file that a task leaves, taken from its workspace once it has succeeded.
 *
 * @param path relative to the workspace; may be a glob, where {@code *} stands for part of a name, {@code **} for any
 *     folders; the name of a folder is all below it, and one that ends with {@code /} can be no file
 * @param optional whether the task may succeed without it
 * @param keep whether it is brought to the manager before the task counts as succeeded; else it stays on the worker until
 *     it is asked for or its job has ended, and is made anew if that worker is lost. Null: kept, unless another task of the
 *     graph takes it
 */
public record Output(
        String path, boolean optional, @Nullable Boolean keep) {
    public Output {
        Names.requirePath("output", path.endsWith("/") ? path.substring(0, path.length() - 1) : path);
        if (path.chars().anyMatch(Output::inGlob)) {
            requireGlob(path);
        }
    }

    private static boolean inGlob(int c) {
        return "*?[]{}\\".indexOf(c) >= 0;
    }

    private static void requireGlob(String path) {
        try {
            FileSystems.getDefault().getPathMatcher("glob:" + path);
        } catch (PatternSyntaxException e) {
            throw new MusterException(
                    ErrorCode.INVALID, "output '" + path + "' is no glob: " + e.getDescription() + "; correct it", e);
        }
    }

    /** One that must be there, kept as is usual. */
    public static Output of(String path) {
        return new Output(path, false, null);
    }

    /** Whether it takes the file at a path relative to the workspace. */
    public boolean matches(String file) {
        if (path.endsWith("/")) {
            return file.startsWith(path);
        }
        if (literal()) {
            return file.equals(path) || file.startsWith(path + "/");
        }
        return FileSystems.getDefault().getPathMatcher("glob:" + path).matches(Path.of(file));
    }

    /** Whether an input of this path may take what it stands for, or a part of that. */
    public boolean takenBy(String input) {
        if (input.endsWith("/")) {
            return path.startsWith(input) || input.startsWith(path);
        }
        return matches(input) || path.startsWith(input + "/");
    }

    /** Whether it names one file or folder as it stands. */
    public boolean literal() {
        return !path.endsWith("/") && path.chars().noneMatch(Output::inGlob);
    }

    /** The same with another answer to whether it is kept. */
    public Output kept(boolean kept) {
        return new Output(path, optional, kept);
    }
}
