package muster.shell;

import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import muster.api.JobQuery;
import muster.api.JobService;
import muster.api.JobState;
import muster.api.MusterException;
import muster.api.TaskState;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.jspecify.annotations.Nullable;

/** Lists jobs, the newest first. */
@Service
@Command(scope = "job", name = "list", description = "Lists jobs, the newest first")
public final class JobListCommand extends ServiceCommand {
    @Reference
    JobService jobs;

    @Option(name = "--state", description = "Only jobs in this state", multiValued = true)
    @Completion(
            value = StringsCompleter.class,
            values = {"waiting", "running", "succeeded", "failed", "canceled"})
    List<String> states = List.of();

    @Option(name = "--tag", description = "Only jobs with this tag")
    @Nullable
    String tag;

    @Option(name = "--owner", description = "Only jobs of this user")
    @Nullable
    String owner;

    @Option(name = "--name", description = "Only jobs with this in their name")
    @Nullable
    String name;

    @Option(name = "--limit", description = "How many at most, 1 to 1000")
    int limit = 50;

    @Override
    @Nullable
    Object run(Screen screen) {
        var now = Instant.now();
        var page = jobs.jobs(new JobQuery(states(JobState.class, states), tag, owner, name, null, limit));
        var table = new Table()
                .right("ID")
                .left("NAME")
                .left("STATE")
                .right("ENDED")
                .right("TASKS")
                .right("FAILED")
                .left("OWNER")
                .left("SUBMITTED")
                .right("TIME");
        for (var job : page.items()) {
            table.row(
                    job.id(),
                    job.name(),
                    new Table.Cell(Format.name(job.state()), Style.of(job.state())),
                    job.ended(),
                    job.size(),
                    job.tasks().getOrDefault(TaskState.FAILED, 0),
                    job.owner(),
                    Format.time(job.submittedAt()),
                    Format.between(job.startedAt(), job.finishedAt(), now));
        }
        table.print(screen);
        if (page.next() != null) {
            screen.line("... there are more; raise --limit");
        }
        return null;
    }

    /** Reads the names of states as REST writes them. */
    static <E extends Enum<E>> Set<E> states(Class<E> type, List<String> names) {
        var states = EnumSet.noneOf(type);
        for (var name : names) {
            try {
                states.add(Enum.valueOf(type, name.toUpperCase(Locale.ROOT)));
            } catch (IllegalArgumentException e) {
                throw MusterException.invalid("state '" + name + "' is not known; use one of "
                        + Arrays.stream(type.getEnumConstants())
                                .map(Format::name)
                                .collect(Collectors.joining(", ")));
            }
        }
        return states;
    }
}
