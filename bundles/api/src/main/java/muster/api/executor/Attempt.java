package muster.api.executor;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import muster.api.AttemptId;
import muster.api.TaskSpec;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/** One execution of a task on this worker, as its executor sees it. The same object from start to cancel. */
@ProviderType
public interface Attempt {
    AttemptId id();

    /** What to run; placeholders of arrays are filled in, resources are those reserved. */
    TaskSpec task();

    /** Everything the task sees in its environment: the {@code MUSTER_*} variables and the user's own. */
    Map<String, String> environment();

    /** The session that it asked for, which is open; null if it asked for none. */
    default @Nullable Session session() {
        return null;
    }

    /** The numbers of the GPUs reserved for it, of this worker's. */
    List<Integer> gpus();

    /**
     * Where the task runs: the directory it asked for, else a fresh one of its own (mode 0700), made on the first call
     * and removed after the attempt.
     *
     * @throws muster.api.MusterException INVALID if the directory it asked for is not there
     */
    Path workingDirectory();

    /** The file to write standard output to; its folder exists. Made on the first call. */
    Path stdout();

    /** The file to write standard error to; its folder exists. Made on the first call. */
    Path stderr();

    /** The user of the system that all its processes have to be of; empty for the worker's own. */
    Optional<SystemUser> user();

    /**
     * Does something on this thread with the rights to files that {@link #user} has, if there is one. What a task may
     * have made, moved or linked, or names by a path, is opened, made and removed in here alone: its links then lead no
     * further than it could go itself. Not so the files of {@link #stdout} and {@link #stderr} where the task names
     * none: they are the worker's.
     *
     * @param action uses nothing of the worker's folders: it does not log, and calls no other method of this
     */
    <T extends @Nullable Object, E extends Exception> T asUser(FileAction<T, E> action) throws E;

    /** Something done with files. */
    @FunctionalInterface
    interface FileAction<T extends @Nullable Object, E extends Exception> {
        T run() throws E;
    }
}
