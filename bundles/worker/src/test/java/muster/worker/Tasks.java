package muster.worker;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import muster.api.AttemptId;
import muster.api.JobId;
import muster.api.Resources;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.Usage;
import muster.api.executor.Outcome;
import muster.transport.ToManager.Result;
import muster.transport.ToWorker;

/** Specifications and ids for tests. */
final class Tasks {
    static final String KIND = "fake";

    private Tasks() {}

    static AttemptId attempt(long job, int index, int number) {
        return new AttemptId(new TaskId(new JobId(job), index), number);
    }

    static TaskSpec task() {
        return task(Resources.DEFAULT);
    }

    static TaskSpec task(Resources resources) {
        return task(resources, null, null, null);
    }

    static TaskSpec task(Resources resources, Duration timeLimit, String workingDirectory, String stdout) {
        return TaskSpec.builder()
                .executor(KIND)
                .command(List.of("true"))
                .workingDirectory(workingDirectory)
                .stdout(stdout)
                .resources(resources)
                .timeLimit(timeLimit)
                .build();
    }

    static Resources cores(double cores) {
        return new Resources(cores, 0, 0, 0, Map.of(), List.of());
    }

    /** First attempts of tasks of one job. */
    static ToWorker.Run run(long job, TaskSpec spec, int... indices) {
        var attempts = IntStream.range(0, indices.length).map(i -> 1).toArray();
        return new ToWorker.Run(List.of(new ToWorker.Batch(new JobId(job), "ada", spec, indices, attempts, null)));
    }

    static Result result(AttemptId attempt, int outputBytes) {
        return Result.of(attempt, Outcome.success(Usage.NONE), Instant.ofEpochSecond(1), Instant.ofEpochSecond(2))
                .wrote(outputBytes == 0 ? null : new byte[outputBytes], outputBytes, null, 0, "");
    }
}
