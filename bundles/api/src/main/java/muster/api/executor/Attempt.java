package muster.api.executor;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import muster.api.AttemptId;
import muster.api.TaskSpec;
import org.osgi.annotation.versioning.ProviderType;

/** One execution of a task on this worker, as its executor sees it. The same object from start to cancel. */
@ProviderType
public interface Attempt {
    AttemptId id();

    /** What to run; placeholders of arrays are filled in, resources are those reserved. */
    TaskSpec task();

    /** Everything the task sees in its environment: the {@code MUSTER_*} variables and the user's own. */
    Map<String, String> environment();

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
}
