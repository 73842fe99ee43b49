package muster.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import muster.cli.client.Client;
import muster.cli.client.Failure;
import muster.cli.client.Json;

/** The manager under test, as the benchmarks use it. Thread-safe. */
final class Manager {
    /** So old that the manager begins with the oldest event that it keeps. */
    private static final String OLDEST_EVENT = "1";

    private final Client client;

    Manager(Client client) {
        this.client = client;
    }

    /** Gives a job to the cluster; its id. */
    String submit(String specification) {
        return client.submit(specification, UUID.randomUUID().toString())
                .path("id")
                .asText();
    }

    String submitArray(String task, int tasks) {
        return submit("{\"name\":\"bench\",\"array\":{\"task\":" + task + ",\"indices\":\"0-" + (tasks - 1) + "\"}}");
    }

    /** Gives a script to the cluster that asks for nothing of its user; the id of its job. */
    String submitWorkflow(String file, String text) {
        return client.post(
                        "/workflows",
                        Json.object().put("file", file).put("text", text),
                        UUID.randomUUID().toString())
                .path("id")
                .asText();
    }

    JsonNode job(String id) {
        return client.get("/jobs/" + id);
    }

    /** Gives a job to the cluster and waits for its end, by one request if that comes soon. */
    void run(JsonNode specification) {
        var job = client.post("/jobs?wait=30s", specification, UUID.randomUUID().toString());
        if (!isOver(job)) {
            ended(job.path("id").asText());
        }
    }

    private static boolean isOver(JsonNode job) {
        return Set.of("succeeded", "failed", "canceled")
                .contains(job.path("state").asText());
    }

    /** Waits for the end of a job. */
    JsonNode ended(String id) {
        var job = client.get("/jobs/" + id + "?wait=30s");
        while (!isOver(job)) {
            job = client.get("/jobs/" + id + "?wait=30s");
        }
        return job;
    }

    void cancel(String id) {
        client.post("/jobs/" + id + "/cancel");
    }

    /** Forgets a job, so that a run leaves nothing. */
    void delete(String id) {
        client.delete("/jobs/" + id);
    }

    JsonNode task(String job, int index) {
        return client.get("/tasks/" + job + "." + index);
    }

    JsonNode page(String job, int from, int limit) {
        return client.get("/tasks?job=" + job + "&cursor=" + from + "&limit=" + limit);
    }

    /** How many tasks of an ended job have an event that tells their success. */
    int eventsOfSuccess(String job) {
        var indices = new HashSet<Integer>();
        client.events(job, OLDEST_EVENT, event -> {
            if (event.type().equals("task.succeeded")) {
                indices.add(event.data().path("task").asInt());
            }
            return !event.type().equals("job.succeeded");
        });
        return indices.size();
    }

    /** How many tasks have ended since the manager started. */
    long endedTasks() {
        return client.get("/cluster").path("endedTasks").asLong();
    }

    /** Cores that online workers offer together. */
    int slots() {
        var slots = (int) client.get("/cluster").path("cores").asDouble();
        if (slots < 1) {
            throw Failure.external("no worker is online; start one, such as by: muster up");
        }
        return slots;
    }

    long heapBytes() {
        return (long) metric("jvm_memory_used_bytes{area=\"heap\"");
    }

    double cpuSeconds() {
        return metric("process_cpu_time_ns_total") / 1e9;
    }

    /** The sum of all measurements that begin so. */
    private double metric(String beginning) {
        return client.text("/metrics")
                .lines()
                .filter(line -> line.startsWith(beginning))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }
}
