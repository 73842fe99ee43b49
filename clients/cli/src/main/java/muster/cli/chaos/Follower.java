package muster.cli.chaos;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import muster.cli.client.Client;
import muster.cli.client.Failure;

/** Follows the events of the cluster through all that happens to it, in a thread of its own. */
final class Follower {
    private static final Set<String> TERMINAL =
            Set.of("task.succeeded", "task.failed", "task.canceled", "task.ignored");

    private final Set<String> endedJobs = ConcurrentHashMap.newKeySet();
    private final ConcurrentLinkedQueue<String> endedTwice = new ConcurrentLinkedQueue<>();
    private final Set<String> endedTasks = new HashSet<>();
    private volatile String failure = "";

    /** @param client a patient one */
    Follower(Client client) {
        var thread = new Thread(() -> follow(client), "chaos-follower");
        thread.setDaemon(true);
        thread.start();
    }

    private void follow(Client client) {
        try {
            client.events(null, null, event -> {
                var job = event.data().path("job").asText();
                if (event.type().equals("job.succeeded") || event.type().equals("job.failed")) {
                    endedJobs.add(job);
                } else if (TERMINAL.contains(event.type())) {
                    var task = job + "." + event.data().path("task").asText();
                    if (!endedTasks.add(task)) {
                        endedTwice.add(task);
                    }
                }
                return true;
            });
        } catch (Failure e) {
            failure = String.valueOf(e.getMessage());
        }
    }

    /** Whether it heard the end of a job. */
    boolean heardEndOf(String job) {
        return endedJobs.contains(job);
    }

    /** Tasks whose end was told twice. */
    Set<String> endedTwice() {
        return Set.copyOf(endedTwice);
    }

    /** Why it gave up; empty if it has not. */
    String failure() {
        return failure;
    }
}
