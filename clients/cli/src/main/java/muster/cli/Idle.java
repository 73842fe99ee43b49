package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import muster.cli.client.Client;
import muster.cli.client.Failure;
import muster.cli.terminal.Progress;
import muster.cli.terminal.Terminal;

/** Says why nothing of a job runs, once it has been so for a while: each reason once. */
final class Idle {
    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final int MOST_WORKERS = 4;

    private final Client client;
    private final Terminal terminal;
    private final Duration patience;
    private final Set<String> told = new HashSet<>();
    private boolean idle;
    private long sinceNanos;

    Idle(Client client, Terminal terminal, Duration patience) {
        this.client = client;
        this.terminal = terminal;
        this.patience = patience;
    }

    /** @param job as the manager told it last */
    void look(JsonNode job, Progress progress) {
        if (JobWatch.ended(job) || job.path("tasks").path("running").asInt() > 0) {
            idle = false;
            return;
        }
        var now = System.nanoTime();
        if (!idle) {
            idle = true;
            sinceNanos = now;
        }
        if (now - sinceNanos >= patience.toNanos()) {
            sinceNanos = now;
            tell(job.path("id").asText(), progress);
        }
    }

    private void tell(String job, Progress progress) {
        for (var state : List.of("ready", "waiting")) {
            try {
                var tasks = client.get("/tasks?job=" + job + "&state=" + state + "&limit=1");
                if (tasks.path("items").size() > 0) {
                    var task = tasks.path("items").get(0).path("id").asText();
                    tell(job, client.get(Client.path("tasks", task, "explain")), progress);
                    return;
                }
            } catch (Failure e) {
                // the wait goes on, and says what there is to say
                return;
            }
        }
    }

    private void tell(String job, JsonNode explanation, Progress progress) {
        var summary = Terminal.safe(explanation.path("summary").asText());
        if (summary.isEmpty() || !told.add(summary)) {
            return;
        }
        progress.clear();
        terminal.tell("job " + job + " waits: " + summary);
        var workers = explanation.path("workers").properties().stream().toList();
        for (var worker : workers.subList(0, Math.min(MOST_WORKERS, workers.size()))) {
            terminal.err()
                    .println("  "
                            + Terminal.safe(
                                    worker.getKey() + ": " + worker.getValue().asText()));
        }
        if (workers.size() > MOST_WORKERS) {
            terminal.err()
                    .println("  and " + (workers.size() - MOST_WORKERS) + " more: muster task explain "
                            + Terminal.safe(explanation.path("task").asText()));
        }
    }
}
