package muster.rest.report;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import muster.api.TaskState;
import org.jspecify.annotations.Nullable;

/**
 * The tasks of a job as rows of CSV (RFC 4180), under the names that Nextflow's trace has, with its raw values: milliseconds,
 * since 1970 where it is a time, and bytes. What is not known is {@code -}.
 *
 * @see <a href="https://docs.seqera.io/nextflow/reports#trace-file">Nextflow, Trace file</a>
 */
public final class Trace {
    private static final List<String> COLUMNS = List.of(
            "task_id",
            "native_id",
            "process",
            "name",
            "status",
            "exit",
            "container",
            "cpus",
            "time",
            "disk",
            "memory",
            "attempt",
            "submit",
            "start",
            "complete",
            "duration",
            "realtime",
            "%cpu",
            "peak_rss",
            "hostname",
            "script");

    private Trace() {}

    public static String csv(Run run) {
        var out = new StringBuilder();
        Csv.row(out, COLUMNS);
        for (var task : run.tasks()) {
            Csv.row(out, row(task));
        }
        return out.toString();
    }

    private static List<String> row(Run.Task task) {
        var attempt = task.attempt();
        var spec = task.spec();
        var usage = attempt == null || attempt.finishedAt() == null ? null : attempt.usage();
        var wall = task.wall();
        return List.of(
                Integer.toString(task.view().id().index() + 1),
                task.view().id().toString(),
                spec.categoryName(),
                task.name(),
                task.view().cached() ? "CACHED" : status(task.state()),
                attempt == null || attempt.exitCode() == null
                        ? "-"
                        : attempt.exitCode().toString(),
                spec.parameters().values().getOrDefault("image", "-").toString(),
                cores(spec.resources().cores()),
                spec.timeLimit() == null ? "-" : milliseconds(spec.timeLimit()),
                positive(spec.resources().diskBytes()),
                positive(spec.resources().memoryBytes()),
                attempt == null ? "-" : Integer.toString(attempt.number()),
                attempt == null ? "-" : time(attempt.assignedAt()),
                attempt == null ? "-" : time(attempt.startedAt()),
                attempt == null ? "-" : time(attempt.finishedAt()),
                attempt == null ? "-" : between(attempt.assignedAt(), attempt.finishedAt()),
                usage != null ? milliseconds(wall) : "-",
                usage != null && !wall.isZero() ? percent(usage.cpu(), wall) : "-",
                usage != null ? positive(usage.peakMemoryBytes()) : "-",
                attempt == null ? "-" : attempt.worker(),
                Texts.command(spec));
    }

    private static String status(TaskState state) {
        return switch (state) {
            case WAITING, READY -> "NEW";
            case ASSIGNED -> "SUBMITTED";
            case RUNNING -> "RUNNING";
            case SUCCEEDED -> "COMPLETED";
            case FAILED, IGNORED -> "FAILED";
            case CANCELED -> "ABORTED";
        };
    }

    private static String cores(double cores) {
        return cores == Math.rint(cores) ? Long.toString(Math.round(cores)) : Double.toString(cores);
    }

    private static String positive(long bytes) {
        return bytes > 0 ? Long.toString(bytes) : "-";
    }

    private static String milliseconds(Duration duration) {
        return Long.toString(duration.toMillis());
    }

    private static String time(@Nullable Instant time) {
        return time == null ? "-" : Long.toString(time.toEpochMilli());
    }

    private static String between(@Nullable Instant from, @Nullable Instant to) {
        return from == null || to == null ? "-" : milliseconds(Duration.between(from, to));
    }

    private static String percent(Duration cpu, Duration wall) {
        return String.format(Locale.ROOT, "%.1f", 100.0 * cpu.toNanos() / wall.toNanos());
    }
}
