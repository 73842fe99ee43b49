package muster.cli.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import muster.cli.client.Client;
import muster.cli.client.Json;

/** Jobs whose tasks each append a line with task and attempt to one file. */
final class Load {
    private static final int PAGE = 1000;
    private static final Set<String> TERMINAL = Set.of("succeeded", "failed", "canceled");

    private final Path effects;
    private final List<String> jobs = new ArrayList<>();
    private int tasks;

    Load(Path effects) throws IOException {
        this.effects = Files.createFile(effects);
    }

    /** Submits tasks that end at once, and gives the job's id. */
    String submitShort(Client client, int count) {
        return submit(client, "", count, 0);
    }

    /** Submits tasks that take some seconds. */
    String submitLong(Client client, int count, int seconds) {
        return submit(client, "sleep " + seconds + "; ", count, 0);
    }

    /** Submits one task that goes before all others. */
    String submitProbe(Client client) {
        return submit(client, "", 1, 1000);
    }

    private String submit(Client client, String before, int count, int priority) {
        var job = Json.object().put("name", "chaos").put("priority", priority);
        var array = job.putObject("array");
        array.putObject("task")
                .put("executor", "native")
                .putArray("command")
                .add("sh")
                .add("-c")
                .add(before + "echo $MUSTER_TASK $MUSTER_ATTEMPT >>'" + effects + "'");
        array.put("indices", "0-" + (count - 1));
        var id = client.submit(Json.compact(job), UUID.randomUUID().toString())
                .path("id")
                .asText();
        jobs.add(id);
        tasks += count;
        return id;
    }

    int tasks() {
        return tasks;
    }

    static boolean ended(Client client, String job) {
        return TERMINAL.contains(
                client.get(Client.path("jobs", job)).path("state").asText());
    }

    /** How many tasks have not ended. */
    int open(Client client) {
        var open = 0;
        for (var job : jobs) {
            var view = client.get(Client.path("jobs", job));
            if (!TERMINAL.contains(view.path("state").asText())) {
                var ended = 0;
                for (var state : TERMINAL) {
                    ended += view.path("tasks").path(state).asInt();
                }
                // a job whose end is not told yet counts too
                open += Math.max(1, view.path("size").asInt() - ended);
            }
        }
        return open;
    }

    /**
     * What became of the tasks.
     *
     * @param lost tasks that have no terminal result
     * @param doubled tasks that have two
     * @param failed tasks that failed, with why
     * @param withoutEffect tasks whose success was reported of an attempt that left no line
     * @param reexecutions attempts beyond the first of each task
     * @param repeated lines beyond the first of each task
     */
    record Outcome(
            int succeeded,
            List<String> lost,
            List<String> doubled,
            List<String> failed,
            List<String> withoutEffect,
            int reexecutions,
            int repeated) {}

    Outcome outcome(Client client) throws IOException {
        var lines = lines();
        var succeeded = 0;
        var reexecutions = 0;
        var lost = new ArrayList<String>();
        var doubled = new ArrayList<String>();
        var failed = new ArrayList<String>();
        var withoutEffect = new ArrayList<String>();
        for (var job : jobs) {
            var seen = new HashSet<String>();
            var cursor = "";
            do {
                var page = client.get("/tasks?job=" + job + "&limit=" + PAGE
                        + (cursor.isEmpty() ? "" : "&cursor=" + Client.escape(cursor)));
                for (var task : page.path("items")) {
                    var id = task.path("id").asText();
                    seen.add(id);
                    var last = last(task);
                    var number = last.path("number").asInt();
                    reexecutions += Math.max(0, number - 1);
                    var state = task.path("state").asText();
                    if (state.equals("succeeded")) {
                        succeeded++;
                        if (!lines.getOrDefault(id, Set.of()).contains(number)) {
                            withoutEffect.add(id);
                        }
                        if (number > 1 && successes(client, id) != 1) {
                            doubled.add(id);
                        }
                    } else if (state.equals("failed")) {
                        failed.add(id + ": " + last.path("cause").asText() + " "
                                + task.path("message").asText());
                    } else {
                        lost.add(id + " is " + state);
                    }
                }
                cursor = page.path("next").asText("");
            } while (!cursor.isEmpty() && !cursor.equals("null"));
            var size = client.get(Client.path("jobs", job)).path("size").asInt();
            if (seen.size() != size) {
                lost.add((size - seen.size()) + " tasks of job " + job);
            }
        }
        var repeated = lines.values().stream().mapToInt(Set::size).sum() - lines.size();
        return new Outcome(succeeded, lost, doubled, failed, withoutEffect, reexecutions, repeated);
    }

    private static JsonNode last(JsonNode task) {
        var attempts = task.path("attempts");
        return attempts.path(attempts.size() - 1);
    }

    private static int successes(Client client, String task) {
        var count = 0;
        for (var attempt : client.get(Client.path("tasks", task)).path("attempts")) {
            if (attempt.path("cause").asText().equals("success")) {
                count++;
            }
        }
        return count;
    }

    /** The attempts of each task that left a line. */
    private Map<String, Set<Integer>> lines() throws IOException {
        var lines = new HashMap<String, Set<Integer>>();
        for (var line : Files.readAllLines(effects)) {
            var space = line.indexOf(' ');
            lines.computeIfAbsent(line.substring(0, space), id -> new HashSet<>())
                    .add(Integer.valueOf(line.substring(space + 1)));
        }
        return lines;
    }
}
