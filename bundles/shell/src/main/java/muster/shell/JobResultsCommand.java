package muster.shell;

import java.util.ArrayList;
import muster.api.JobId;
import muster.api.JobService;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;

/** Asks about the results of a job by SQL. */
@Service
@Command(scope = "job", name = "results", description = "Asks about the results of a job by SQL")
public final class JobResultsCommand extends ServiceCommand {
    @Reference
    JobService jobs;

    @Option(name = "--rows", description = "How many rows at most")
    int rows = 100;

    @Argument(name = "job", description = "Id of the job", required = true)
    @Completion(JobIdCompleter.class)
    String job = "";

    @Argument(index = 1, name = "sql", description = "One query of SQLite on the table 'results'; without it, all")
    @Completion(NoCompleter.class)
    String sql = "select * from results";

    @Override
    @Nullable
    Object run(Screen screen) {
        var results = jobs.results(JobId.parse(job), sql, Math.max(1, rows));
        var table = new Table();
        results.columns().forEach(table::left);
        for (var row : results.rows()) {
            var cells = new ArrayList<Object>();
            row.forEach(value -> cells.add(value == null ? "-" : value));
            table.row(cells.toArray());
        }
        table.print(screen);
        if (results.more()) {
            screen.line("... there are more; raise --rows");
        }
        return null;
    }
}
