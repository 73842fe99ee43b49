package muster.shell;

import java.util.concurrent.TimeUnit;
import muster.api.JobService;
import muster.api.LogStream;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Prints what a task's last attempt wrote, byte for byte. */
@Service
@Command(scope = "job", name = "logs", description = "Prints what a task wrote")
public final class JobLogsCommand extends ServiceCommand {
    private static final int CHUNK_BYTES = 64 * 1024;
    private static final long POLL_MILLIS = 300;

    @Reference
    JobService jobs;

    @Option(name = "--stderr", description = "Standard error instead of standard output")
    boolean stderr;

    @Option(name = "--follow", aliases = "-f", description = "Go on until the task has ended")
    boolean follow;

    @Argument(
            name = "task",
            description = "The task, such as 17.3 or 17.name; 17 for a job of one task",
            required = true)
    @Completion(TaskIdCompleter.class)
    String task = "";

    @Override
    @Nullable
    Object run(Screen screen) throws InterruptedException {
        var id = Tasks.resolve(jobs, task);
        var stream = stderr ? LogStream.STDERR : LogStream.STDOUT;
        var chunk = await(jobs.log(id, stream, 0, CHUNK_BYTES));
        while (true) {
            screen.out().write(chunk.bytes(), 0, chunk.bytes().length);
            screen.out().flush();
            if (chunk.ended() || (chunk.bytes().length == 0 && !follow)) {
                return null;
            }
            if (chunk.bytes().length == 0) {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
            chunk = await(jobs.log(id, stream, chunk.nextOffset(), CHUNK_BYTES));
        }
    }
}
