package muster.shell;

import java.util.Set;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.MusterException;
import muster.api.TaskId;
import muster.api.TaskQuery;

/** Finds tasks by what users write. */
final class Tasks {
    private Tasks() {}

    /** The task that {@code 17.3} or {@code 17.name} means, or {@code 17} if that job has one task. */
    static TaskId resolve(JobService jobs, String text) {
        var dot = text.indexOf('.');
        if (dot >= 0) {
            return jobs.find(JobId.parse(text.substring(0, dot)), text.substring(dot + 1));
        }
        var job = JobId.parse(text);
        var tasks = jobs.tasks(new TaskQuery(job, Set.of(), null, 2)).items();
        if (tasks.size() != 1) {
            throw MusterException.invalid(
                    "job " + job + " has " + jobs.job(job).size() + " tasks; name one, such as " + job + ".0");
        }
        return tasks.get(0).id();
    }
}
