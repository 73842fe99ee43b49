package muster.cli.chaos;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import muster.cli.client.Client;
import muster.cli.client.Failure;
import muster.cli.client.Json;
import muster.cli.client.Patience;
import muster.cli.local.Installation;
import muster.cli.terminal.Times;

/**
 * Lets faults happen to a cluster of its own while it works, one a round, and checks that nothing was lost and nothing
 * ended twice.
 */
public final class Chaos {
    private static final Duration START = Duration.ofMinutes(2);
    private static final Duration ROUND = Duration.ofSeconds(40);
    private static final Duration END = Duration.ofSeconds(60);
    private static final Duration TELL = Duration.ofSeconds(10);
    private static final int LEAST_SHORT = 200;
    private static final int SLOTS = 2;
    private static final String STALE = "muster_results_stale_total";

    private final Request request;
    private final PrintStream out;
    private final Subjects subjects;
    private final Load load;
    private final Map<String, String> environment;

    private final List<String> violations = new ArrayList<>();
    private final Map<String, Integer> faults = new TreeMap<>();
    private final List<Long> managerRecoveries = new ArrayList<>();
    private final List<Long> brokerRecoveries = new ArrayList<>();
    private final List<Long> workerLosses = new ArrayList<>();
    private int endedTwice;
    private int waits;
    private long staleBefore;
    private long staleNow;

    /**
     * What is asked for.
     *
     * @param tasks short ones at least, over all rounds
     */
    public record Request(long seed, int rounds, int tasks, int workers) {
        public Request {
            if (rounds < 1 || tasks < 1 || workers < 1) {
                throw Failure.user("--rounds, --tasks and --workers must be positive");
            }
        }
    }

    private Chaos(Request request, PrintStream out, Subjects subjects, Load load, Map<String, String> environment) {
        this.request = request;
        this.out = out;
        this.subjects = subjects;
        this.load = load;
        this.environment = environment;
    }

    /**
     * Runs all rounds; the last line printed is the summary in JSON.
     *
     * @param dir an empty folder for the cluster
     * @return whether every promise was kept
     */
    public static boolean run(
            Request request, Path dir, Installation installation, Map<String, String> environment, PrintStream out)
            throws IOException {
        var load = new Load(dir.resolve("effects"));
        var subjects = new Subjects(dir, installation, environment, request.workers(), SLOTS);
        var guard = new Thread(subjects::killAll, "chaos-guard");
        Runtime.getRuntime().addShutdownHook(guard);
        try {
            var chaos = new Chaos(request, out, subjects, load, environment);
            return chaos.run();
        } finally {
            subjects.killAll();
            try {
                Runtime.getRuntime().removeShutdownHook(guard);
            } catch (IllegalStateException e) {
                // the machine is going down, and the guard has done its work
            }
        }
    }

    private boolean run() throws IOException {
        subjects.start();
        var impatient = new Client(subjects.connection());
        var client = impatient.with(new Patience(ROUND, message -> {}));
        if (!Pause.until(START, () -> complete(impatient))) {
            throw Failure.external(
                    "the cluster was not up after " + START.toSeconds() + " s; ended: " + subjects.dead());
        }
        out.println("up: a manager, a broker and " + request.workers() + " workers");
        var follower = new Follower(client);
        var plan = Fault.plan(request.seed(), request.rounds(), request.workers());
        for (var i = 0; i < plan.size(); i++) {
            round(i + 1, plan.get(i), impatient, client);
        }
        var outcome = finish(impatient, client, follower);
        var summary = summary(outcome);
        out.println(Json.compact(summary));
        return violations.isEmpty();
    }

    private boolean complete(Client client) {
        try {
            return subjects.complete(client);
        } catch (Failure e) {
            return false;
        }
    }

    private void round(int number, Fault fault, Client impatient, Client client) throws IOException {
        var job = load.submitShort(client, Math.max(LEAST_SHORT, request.tasks() / request.rounds()));
        load.submitLong(client, 2, 3 + number % 10);
        faults.merge(
                fault.kind().name().toLowerCase(Locale.ROOT) + " " + (fault.ofWorker() ? "worker" : fault.node()),
                1,
                Integer::sum);
        var waiter = fault.node().equals(Fault.MANAGER) ? waitFor(job) : null;
        Pause.of(fault.after());
        sampleStale(impatient);
        var since = fault.ofWorker() ? since(client, fault.node()) : "";
        var begin = System.nanoTime();
        happen(fault);
        var rescheduled = -1L;
        while (System.nanoTime() - begin < fault.lasts().toNanos()) {
            if (fault.ofWorker() && rescheduled < 0 && isAway(impatient, fault.node(), since)) {
                rescheduled = millisSince(begin);
            }
            Pause.briefly();
        }
        mend(fault);
        var mended = System.nanoTime();
        // what was killed is taken from it at last when it comes back
        var killed = fault.ofWorker() && fault.kind() == Fault.Kind.KILL;
        while (killed && rescheduled < 0 && millisSince(begin) < ROUND.toMillis()) {
            if (isAway(impatient, fault.node(), since)) {
                rescheduled = millisSince(begin);
            }
            Pause.briefly();
        }
        var recovered = recover(impatient, mended);
        if (recovered < 0) {
            violation("round " + number + ": after '" + fault + "' the cluster did not recover within "
                    + ROUND.toSeconds() + " s; ended: " + subjects.dead());
        } else if (fault.node().equals(Fault.MANAGER)) {
            managerRecoveries.add(recovered);
        } else if (fault.node().equals(Fault.BROKER)) {
            brokerRecoveries.add(recovered);
        }
        if (rescheduled >= 0) {
            workerLosses.add(rescheduled);
        }
        if (waiter != null) {
            requireEnd(number, waiter);
        }
        out.println("round " + number + ": " + fault
                + (recovered < 0 ? "" : "; recovered after " + Times.duration(Duration.ofMillis(recovered)))
                + (rescheduled < 0
                        ? ""
                        : ", tasks taken back after " + Times.duration(Duration.ofMillis(rescheduled))));
    }

    private void happen(Fault fault) throws IOException {
        switch (fault.kind()) {
            case KILL -> {
                if (fault.node().equals(Fault.MANAGER)) {
                    staleBefore += staleNow;
                    staleNow = 0;
                }
                subjects.kill(fault.node());
            }
            case STOP -> subjects.pause(fault.node());
            case CUT -> subjects.cut(fault.node());
        }
    }

    private void mend(Fault fault) throws IOException {
        switch (fault.kind()) {
            case KILL -> subjects.start(fault.node());
            case STOP -> subjects.goOn(fault.node());
            case CUT -> subjects.mend(fault.node());
        }
    }

    /** Waits until new work is done and every worker is there; how long that took, -1 if it took too long. */
    private long recover(Client impatient, long begin) {
        String probe = null;
        while (millisSince(begin) < ROUND.toMillis()) {
            try {
                if (probe == null) {
                    probe = impatient.status("/readyz") == 200 ? load.submitProbe(impatient) : null;
                } else if (Load.ended(impatient, probe) && subjects.complete(impatient)) {
                    var took = millisSince(begin);
                    sampleStale(impatient);
                    return took;
                }
            } catch (Failure e) {
                // the manager is away again, or not there yet
            }
            Pause.briefly();
        }
        return -1;
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }

    /** Since when a worker is there, as the manager says. */
    private static String since(Client client, String worker) {
        return client.get(Client.path("workers", worker)).path("since").asText();
    }

    /** Whether the manager has given the worker up, or has welcomed a new process of it. */
    private static boolean isAway(Client client, String worker, String since) {
        try {
            var view = client.get(Client.path("workers", worker));
            return !view.path("state").asText().equals("online")
                    || !view.path("since").asText().equals(since);
        } catch (Failure e) {
            return false;
        }
    }

    private void sampleStale(Client client) {
        try {
            for (var line : client.text("/metrics").lines().toList()) {
                if (line.startsWith(STALE + " ")) {
                    staleNow = (long) Double.parseDouble(line.substring(STALE.length() + 1));
                }
            }
        } catch (Failure e) {
            // the next sample counts as much
        }
    }

    /** A client of its own that waits for the end of a job, as users do; it has begun to. */
    private Process waitFor(String job) throws IOException {
        var connection = subjects.connection();
        var jar = Path.of(
                Chaos.class.getProtectionDomain().getCodeSource().getLocation().getPath());
        var builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        jar.toString(),
                        "muster.cli.Main",
                        "job",
                        "wait",
                        job)
                .redirectErrorStream(true);
        var variables = builder.environment();
        variables.clear();
        variables.putAll(environment);
        variables.put("MUSTER_URL", connection.url());
        variables.put("MUSTER_TOKEN", connection.token().text());
        waits++;
        var waiter = builder.start();
        // its first sign of life follows its first answer; before that, a manager that is away is an error
        if (waiter.getInputStream().read() < 0) {
            violation("a client that was to wait for job " + job + " ended without a word");
        }
        return waiter;
    }

    private void requireEnd(int number, Process waiter) {
        try {
            if (!waiter.waitFor(END.toSeconds(), TimeUnit.SECONDS)) {
                waiter.destroyForcibly();
                violation("round " + number + ": a client that waited for a job did not end");
            } else if (waiter.exitValue() != 0) {
                violation("round " + number + ": a client that waited for a job exited with " + waiter.exitValue());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failure.external("interrupted", e);
        }
    }

    private Load.Outcome finish(Client impatient, Client client, Follower follower) throws IOException {
        if (!Pause.until(END, () -> load.open(client) == 0)) {
            violation(load.open(client) + " tasks had not ended " + END.toSeconds() + " s after the last fault");
        }
        var last = load.submitProbe(client);
        Pause.until(TELL, () -> Load.ended(client, last));
        if (!Pause.until(TELL, () -> follower.heardEndOf(last))) {
            violation("a follower of events did not go on: " + follower.failure());
        }
        endedTwice = follower.endedTwice().size();
        follower.endedTwice().forEach(task -> violation("the end of task " + task + " was told twice"));
        sampleStale(impatient);
        var outcome = load.outcome(client);
        outcome.lost().forEach(task -> violation("lost: " + task));
        outcome.doubled().forEach(task -> violation("two results: task " + task));
        outcome.withoutEffect().forEach(task -> violation("success without its effect: task " + task));
        outcome.failed().stream()
                .filter(task -> !task.contains(" worker_lost "))
                .forEach(task -> violation("failed: " + task));
        if (!Pause.until(TELL, () -> subjects.taskProcesses().isEmpty())) {
            violation("processes of tasks are left over: " + subjects.taskProcesses());
        }
        subjects.close();
        if (!subjects.taskProcesses().isEmpty()) {
            violation("processes of tasks outlived the cluster: " + subjects.taskProcesses());
        }
        return outcome;
    }

    private ObjectNode summary(Load.Outcome outcome) {
        var summary = Json.object()
                .put("seed", request.seed())
                .put("rounds", request.rounds())
                .put("tasks", load.tasks());
        var kinds = summary.putObject("faults");
        faults.forEach(kinds::put);
        summary.put("succeeded", outcome.succeeded())
                .put("failed", outcome.failed().size())
                .put("lost", outcome.lost().size())
                .put("doubled", outcome.doubled().size() + endedTwice)
                .put("withoutEffect", outcome.withoutEffect().size())
                .put("reexecutions", outcome.reexecutions())
                .put("repeatedEffects", outcome.repeated());
        summary.put("staleResults", staleBefore + staleNow).put("clientsWaited", waits);
        times(summary.putObject("managerRecoveryMillis"), managerRecoveries);
        times(summary.putObject("brokerRecoveryMillis"), brokerRecoveries);
        times(summary.putObject("workerRescheduledMillis"), workerLosses);
        var all = summary.putArray("violations");
        violations.forEach(all::add);
        return summary;
    }

    private static void times(ObjectNode into, List<Long> times) {
        var sorted = times.stream().sorted().toList();
        into.put("count", sorted.size());
        if (!sorted.isEmpty()) {
            into.put("p50", sorted.get((sorted.size() - 1) / 2))
                    .put("p95", sorted.get((int) Math.ceil(sorted.size() * 0.95) - 1))
                    .put("max", sorted.get(sorted.size() - 1));
        }
    }

    private void violation(String text) {
        violations.add(text);
        out.println("VIOLATION " + text);
    }
}
