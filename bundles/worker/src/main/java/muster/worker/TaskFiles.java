package muster.worker;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import muster.api.AttemptId;
import muster.api.JobId;
import muster.api.TaskSpec;
import muster.data.TransferException;
import muster.data.TransferException.Failure;

/** Brings the inputs of tasks and takes their outputs. Thread-safe; both may take long. */
interface TaskFiles {
    /** For a worker without a data plane. */
    TaskFiles NONE = new TaskFiles() {
        @Override
        public int port() {
            return 0;
        }

        @Override
        public void manager(String host, int port) {}

        @Override
        public void managerAway() {}

        @Override
        public void stage(AttemptId attempt, TaskSpec task, Path workspace, Identity owner, BooleanSupplier stopped)
                throws IOException {
            throw new TransferException(Failure.LOCAL, "this worker moves no files");
        }

        @Override
        public void collect(AttemptId attempt, TaskSpec task, Path workspace, Identity owner) throws IOException {
            throw new TransferException(Failure.LOCAL, "this worker moves no files");
        }

        @Override
        public void bring(String object, Path to) throws IOException {
            throw new TransferException(Failure.LOCAL, "this worker moves no files");
        }

        @Override
        public void release(JobId job) {}

        @Override
        public List<JobId> keeps() {
            return List.of();
        }
    };

    /** Where this worker serves files; 0 if nowhere. */
    int port();

    /** Where the manager serves files, as it said; an empty host for where this worker joined. */
    void manager(String host, int port);

    /** The connection is lost by which the manager would say where it is: it is waited for. */
    void managerAway();

    /**
     * Puts all inputs into a workspace.
     *
     * @param owner of the workspace
     * @param stopped asked now and then; once it says so, no more is done
     */
    void stage(AttemptId attempt, TaskSpec task, Path workspace, Identity owner, BooleanSupplier stopped)
            throws IOException;

    /** Takes the outputs out of a workspace, and brings those to the manager that are kept. */
    void collect(AttemptId attempt, TaskSpec task, Path workspace, Identity owner) throws IOException;

    /** Puts an object into a file that is not there yet. */
    void bring(String object, Path to) throws IOException;

    /** The job has ended: what its tasks made here need not stay. */
    void release(JobId job);

    /** The jobs of which something stays here until it is released. */
    List<JobId> keeps();
}
