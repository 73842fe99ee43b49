package muster.cli.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;

/**
 * A workflow of processes that end at once, beside the same number of them as an array: what it costs that tasks wait for one
 * another. One comes first, all others but thirteen wait for it, twelve wait for all of those, and the last for the twelve.
 */
public final class Workflow {
    private static final String PROGRAM = "/bin/true";
    private static final int JOINS = 12;

    private final Manager manager;
    private final int tasks;
    private final int rounds;

    /** @param rounds how often both are measured in turn, the median counting; one more warms up */
    public Workflow(Client client, int tasks, int rounds) {
        if (tasks < JOINS + 3) {
            throw Failure.user("--tasks " + tasks + " is too few for a workflow; write " + (JOINS + 3) + " or more");
        }
        this.manager = new Manager(client);
        this.tasks = tasks;
        this.rounds = rounds;
    }

    public void run(Consumer<Measurement> tell) {
        manager.slots();
        var workflows = new ArrayList<Double>();
        var arrays = new ArrayList<Double>();
        for (var round = 0; round <= rounds; round++) {
            var array = seconds(() -> manager.submitArray("{\"command\":[\"" + PROGRAM + "\"]}", tasks));
            var workflow = seconds(() -> manager.submitWorkflow("bench.yaml", script(tasks)));
            if (round > 0) {
                arrays.add(array);
                workflows.add(workflow);
            }
        }
        tell.accept(Measurement.of("workflow", tasks, median(workflows))
                .with(Measurement.BASELINE, tasks / median(arrays)));
    }

    private static double median(List<Double> all) {
        return all.stream().sorted().toList().get(all.size() / 2);
    }

    /** Submits a job; how long it takes until its end. */
    private double seconds(Supplier<String> submit) {
        var start = System.nanoTime();
        var id = submit.get();
        var job = manager.ended(id);
        var seconds = (System.nanoTime() - start) / 1e9;
        if (job.path("tasks").path("succeeded").asInt() != tasks) {
            throw new Failure(
                    ExitCode.INTERNAL,
                    "job " + id + " did not end as it should: " + job.path("tasks"),
                    List.of(),
                    null);
        }
        manager.delete(id);
        return seconds;
    }

    private static String script(int tasks) {
        return """
                tasks:
                  first: {command: [%1$s]}
                  part: {matrix: {n: 1..%2$d}, command: [%1$s], needs: first}
                  join: {matrix: {n: 1..%3$d}, command: [%1$s], needs: part}
                  last: {command: [%1$s], needs: join}
                """.formatted(PROGRAM, tasks - JOINS - 2, JOINS);
    }
}
