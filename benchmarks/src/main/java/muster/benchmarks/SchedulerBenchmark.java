package muster.benchmarks;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import muster.api.AttemptId;
import muster.api.Capacity;
import muster.api.Cause;
import muster.api.ExecutorView;
import muster.api.IndexSet;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.SessionId;
import muster.api.TaskSpec;
import muster.api.TaskState;
import muster.api.Work;
import muster.manager.scheduler.Comm;
import muster.manager.scheduler.Execution;
import muster.manager.scheduler.JobRun;
import muster.manager.scheduler.Scheduler;
import muster.manager.scheduler.Settings;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** How many tasks a second the scheduler alone takes from ready to ended. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class SchedulerBenchmark {
    private static final int TASKS = 10_000;

    @Param({"2", "1000"})
    int workers;

    /** Keeps what was dispatched. */
    private static final class Recorder implements Comm {
        List<Execution> dispatched = new ArrayList<>();

        @Override
        public void dispatch(Execution execution) {
            dispatched.add(execution);
        }

        @Override
        public void stop(String worker, AttemptId attempt) {}

        @Override
        public void recordLoss(Execution execution, Cause cause, String message, boolean last) {}

        @Override
        public void changed(JobRun job, int position, TaskState state, @Nullable Execution execution, String message) {}

        @Override
        public void outputsLost(JobRun job, int position, int number) {}

        @Override
        public void close(String worker, List<SessionId> sessions) {}

        @Override
        public void stuck(JobRun job, String why) {}

        @Override
        public void canceled(JobRun job) {}

        @Override
        public void ended(JobRun job) {}
    }

    @Benchmark
    @OperationsPerInvocation(TASKS)
    public int arrayOfTasks() {
        var now = Instant.EPOCH;
        var comm = new Recorder();
        var scheduler = new Scheduler(comm, new Settings(3, 4096, Duration.ofMillis(200)));
        for (var i = 0; i < workers; i++) {
            var worker = scheduler.workerOrNew("w" + i);
            worker.online(true);
            worker.executors(List.of(new ExecutorView("native", true, "")));
            worker.capacity(new Capacity(1, 1L << 30, 1L << 30, List.of(), Map.of(), List.of()));
        }
        var work = new Work.Array(TaskSpec.command("true"), IndexSet.range(0, TASKS - 1), null, 0);
        var job = new JobRun(new JobId(1), "ada", JobSpec.of("bench", work), now);
        scheduler.add(job, Set.of());
        scheduler.begin(job);
        var ended = 0;
        while (ended < TASKS) {
            scheduler.schedule(now);
            var batch = comm.dispatched;
            comm.dispatched = new ArrayList<>();
            for (var execution : batch) {
                var verdict = scheduler.finished(execution, Cause.SUCCESS, Duration.ofNanos(1000), now);
                scheduler.recorded(execution, verdict, "", now);
            }
            ended += batch.size();
        }
        return ended;
    }
}
