package muster.api;

import java.util.HashSet;
import java.util.List;

/**
 * What a task has to do with a session: what its executor keeps open on one worker between the tasks of a job.
 *
 * @param name tasks of a job and an executor that name the same session run on one worker, where each finds what earlier
 *     ones kept. Empty: whichever worker runs the task, each with a session of its own; nothing can be made in those
 * @param memoryBytes reserved on the worker for what is kept, as long as the session is open; the same for all its tasks
 * @param makes names of the objects that the task keeps in the session, unique in it
 * @param takes the objects that it finds there, each as {@code TASK/OBJECT} by the task of the same graph that made it
 */
public record SessionSpec(String name, long memoryBytes, List<String> makes, List<String> takes) {
    /** Open wherever a task of it runs, and for nothing but that what is warm can be used again. */
    public static final SessionSpec WARM = new SessionSpec("", 0, List.of(), List.of());

    public SessionSpec {
        if (!name.isEmpty()) {
            Names.requireName("session", name);
        }
        if (memoryBytes < 0) {
            throw MusterException.invalid("session memory " + memoryBytes + " is negative; write 0 or more");
        }
        makes = List.copyOf(makes);
        takes = List.copyOf(takes);
        makes.forEach(object -> Names.requireName("session object", object));
        for (var take : takes) {
            if (take.indexOf('/') < 1) {
                throw MusterException.invalid(
                        "session object '" + Names.escape(take) + "' to take names no task; write TASK/OBJECT");
            }
            Names.requireName("task name", need(take));
            Names.requireName("session object", object(take));
        }
        if (new HashSet<>(makes).size() < makes.size() || new HashSet<>(takes).size() < takes.size()) {
            throw MusterException.invalid("a session object is named twice; name each once");
        }
        if (name.isEmpty() && !(makes.isEmpty() && takes.isEmpty())) {
            throw MusterException.invalid(
                    "a session without a name is opened wherever a task runs, so nothing can be made"
                            + " in it or taken from it; give the session a name");
        }
    }

    /** Whether the task has nothing to do with what is kept in the session. */
    public boolean isMerelyWarm() {
        return makes.isEmpty() && takes.isEmpty();
    }

    /** The task that made what is taken. */
    public static String need(String take) {
        return take.substring(0, take.indexOf('/'));
    }

    /** The object that is taken. */
    public static String object(String take) {
        return take.substring(take.indexOf('/') + 1);
    }
}
