package muster.manager.scheduler;

import static muster.manager.scheduler.SimulatedCluster.capacity;
import static muster.manager.scheduler.SimulatedCluster.require;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.ExecutorView;
import muster.api.IndexSet;
import muster.api.Input;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.Output;
import muster.api.Resources;
import muster.api.SessionSpec;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.Work;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What must hold whatever happens: random clusters, jobs, results, losses and restarts, each from a seed. */
class SchedulerPropertyTest {
    private static final int LIVES = 10_000;
    private static final int KEEPING_LIVES = 1_000;
    private static final int QUEUES = 2_000;
    private static final int STREAMS = 500;

    /** A part of the above, for every day. */
    @Test
    void everyTaskInASessionEndsOnceWhateverHappens() {
        var madeAgain = new AtomicInteger();
        var foundNothing = new AtomicInteger();
        forSeeds(KEEPING_LIVES, random -> {
            var life = new Life(random, Life.Kind.KEEPING);
            life.live();
            madeAgain.addAndGet(life.cluster.undone.size());
            foundNothing.addAndGet(life.cluster.foundNothing);
        });
        assertThat(madeAgain).as("tasks that ran again for what was lost").hasValueGreaterThan(KEEPING_LIVES / 20);
        assertThat(foundNothing).as("tasks that found nothing").hasValueGreaterThan(KEEPING_LIVES / 50);
    }

    @Test
    @Tag("proof")
    void everyTaskEndsOnceWhateverHappens() {
        var madeAgain = new AtomicInteger();
        forSeeds(LIVES, random -> {
            var life = new Life(random, Life.Kind.values()[random.nextInt(3)]);
            life.live();
            madeAgain.addAndGet(life.cluster.undone.size());
        });
        assertThat(madeAgain).as("tasks that ran again for what was lost").hasValueGreaterThan(LIVES / 20);
    }

    @Test
    void explainedPlaceIsTheOrderInWhichTasksAreSent() {
        forSeeds(QUEUES, SchedulerPropertyTest::sentInTheOrderExplained);
    }

    @Test
    void largeTaskDoesNotStarveBesideSmallOnes() {
        forSeeds(STREAMS, SchedulerPropertyTest::largeTaskStarts);
    }

    private static void forSeeds(int count, Consumer<Random> test) {
        for (var seed = 0; seed < count; seed++) {
            try {
                test.accept(new Random(seed));
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    private static TaskSpec task(String name, Resources resources, int retries, List<String> needs) {
        return task(name, resources, retries, needs, List.of(), List.of());
    }

    private static TaskSpec task(
            String name,
            Resources resources,
            int retries,
            List<String> needs,
            List<Input> inputs,
            List<Output> outputs) {
        return TaskSpec.builder()
                .name(name)
                .command(List.of("true"))
                .resources(resources)
                .retries(retries)
                .needs(needs)
                .inputs(inputs)
                .outputs(outputs)
                .build();
    }

    private static Resources resources(double cores, long memory, int gpus, String... labels) {
        return new Resources(cores, memory, 0, gpus, Map.of(), List.of(labels));
    }

    /** One random history of a cluster. */
    private static final class Life {
        private final Random random;
        private final SimulatedCluster cluster;

        private final Kind kind;

        /** Whether its jobs are graphs whose tasks pass something on, which is often lost. */
        private final boolean passing;

        /** What its jobs are: any, or graphs whose tasks pass files, or keep objects in sessions. */
        enum Kind {
            ANY,
            PASSING,
            KEEPING
        }

        private final List<Map.Entry<String, AttemptId>> stale = new ArrayList<>();
        private int workers;
        private long jobs;

        Life(Random random, Kind kind) {
            this.random = random;
            this.kind = kind;
            cluster = new SimulatedCluster(new Settings(random.nextInt(3), random.nextInt(6), Duration.ofMillis(200)));
            passing = kind != Kind.ANY;
        }

        void live() {
            for (var i = random.nextInt(4); i >= 0; i--) {
                addWorker();
            }
            for (var step = 20 + random.nextInt(30); step >= 0; step--) {
                act();
                cluster.check();
                if (random.nextBoolean()) {
                    cluster.schedule();
                    cluster.checkNothingIdles();
                    cluster.check();
                }
            }
            settle();
        }

        private void addWorker() {
            cluster.worker(
                    "w" + workers++,
                    capacity(
                            1 + random.nextInt(4),
                            random.nextInt(5),
                            random.nextInt(2),
                            random.nextBoolean() ? new String[] {"fast"} : new String[0]));
        }

        private void act() {
            if (passing && random.nextInt(4) > 0) {
                pass();
                return;
            }
            switch (random.nextInt(16)) {
                case 0, 1 -> submit();
                case 2, 3, 4 -> finish();
                case 5 -> cluster.write();
                case 6 -> start();
                case 7 -> lose();
                case 8 -> helloAgain(random.nextBoolean());
                case 9 -> giveBack();
                case 10 -> drain();
                case 11 -> cancel();
                case 12 -> cluster.pass(Duration.ofMillis(random.nextInt(20_000)));
                case 13 -> executors();
                case 14 -> stale();
                default -> rare();
            }
        }

        private void pass() {
            switch (random.nextInt(8)) {
                case 0 -> lose();
                case 1 -> {
                    if (kind == Kind.KEEPING) {
                        breakSessions();
                    } else {
                        loseFiles();
                    }
                }
                case 2 -> helloAgain(true);
                default -> {
                    finish();
                    cluster.write();
                }
            }
        }

        private void rare() {
            switch (random.nextInt(5)) {
                case 0 -> restart();
                case 1 -> addWorker();
                case 4 -> loseFiles();
                case 2 ->
                    List.copyOf(cluster.scheduler.workers()).stream()
                            .filter(w -> !w.online() && !cluster.scheduler.holdsWork(w))
                            .forEach(cluster.scheduler::remove);
                default -> lose();
            }
        }

        private void loseFiles() {
            var left = cluster.left();
            if (!left.isEmpty()) {
                cluster.lose(left.get(random.nextInt(left.size())));
            }
        }

        private void restart() {
            cluster.restart();
            for (var worker : List.copyOf(cluster.scheduler.workers())) {
                if (random.nextBoolean()) {
                    cluster.hello(worker.id, random.nextInt(4) == 0);
                }
            }
        }

        private void submit() {
            jobs++;
            var blockers = new HashSet<JobId>();
            var after = new ArrayList<JobSpec.Dependency>();
            if (random.nextInt(4) == 0 && jobs > 1) {
                var blocker = new JobId(1 + random.nextInt((int) jobs - 1));
                after.add(new JobSpec.Dependency(blocker, random.nextBoolean()));
                if (!cluster.ended.contains(blocker)) {
                    blockers.add(blocker);
                }
            }
            var spec = new JobSpec(
                    "", List.of(), random.nextInt(3), after, random.nextInt(4) == 0 ? random.nextInt(3) : null, work());
            cluster.submit(spec, "owner" + random.nextInt(3), blockers);
        }

        private Work work() {
            if (passing || random.nextInt(3) == 0) {
                var tasks = new ArrayList<TaskSpec>();
                for (var i = 0; i < 1 + random.nextInt(6); i++) {
                    var needs = new LinkedHashSet<String>();
                    for (var need = random.nextInt(3); need > 0 && i > 0; need--) {
                        needs.add("t" + random.nextInt(i));
                    }
                    var inputs = needs.stream()
                            .filter(need -> passing || random.nextBoolean())
                            .map(need -> new Input(need, "task:" + need + "/out", false))
                            .toList();
                    var outputs = passing || random.nextInt(3) > 0
                            ? List.of(new Output("out", random.nextBoolean(), false))
                            : List.<Output>of();
                    var resources = passing ? resources(1, 0, 0) : anyResources();
                    var task = task("t" + i, resources, random.nextInt(3), List.copyOf(needs), inputs, outputs);
                    var lenient =
                            task.toBuilder().mayFail(random.nextInt(3) == 0).build();
                    tasks.add(kind == Kind.KEEPING ? keeping(lenient, tasks) : lenient);
                }
                return new Work.Graph(tasks);
            }
            var template = task("", anyResources(), random.nextInt(3), List.of());
            return random.nextBoolean()
                    ? new Work.Single(template)
                    : new Work.Array(template, IndexSet.range(0, random.nextInt(12)), null, random.nextInt(4));
        }

        /** The same in one of two sessions, taking what others that it needs keep there, instead of files. */
        private TaskSpec keeping(TaskSpec task, List<TaskSpec> before) {
            var name = "s" + random.nextInt(2);
            var takes = before.stream()
                    .filter(other -> task.needs().contains(other.name())
                            && other.session().name().equals(name))
                    .map(other -> other.name() + "/of-" + other.name())
                    .toList();
            var files = task.inputs().stream()
                    .filter(input -> !takes.contains(input.need() + "/of-" + input.need()))
                    .toList();
            return task.toBuilder()
                    .inputs(files)
                    .session(new SessionSpec(name, 1, List.of("of-" + task.name()), takes))
                    .build();
        }

        private void breakSessions() {
            var worker = anyWorker();
            if (worker != null) {
                cluster.breakSessions(worker.id);
            }
        }

        private Resources anyResources() {
            return resources(
                    random.nextInt(5),
                    random.nextInt(3),
                    random.nextInt(6) == 0 ? 1 : 0,
                    switch (random.nextInt(5)) {
                        case 0 -> new String[] {"fast"};
                        case 1 -> new String[] {"!fast"};
                        default -> new String[0];
                    });
        }

        /** Some attempt on some worker, be it stale or not; null if there is none. */
        private Execution anyGiven() {
            var all = cluster.given.values().stream()
                    .flatMap(given -> given.values().stream())
                    .toList();
            return all.isEmpty() ? null : all.get(random.nextInt(all.size()));
        }

        private void finish() {
            var execution = anyGiven();
            if (execution != null) {
                var causes = List.of(
                        Cause.SUCCESS,
                        Cause.SUCCESS,
                        Cause.SUCCESS,
                        Cause.EXIT_CODE,
                        Cause.STAGING,
                        Cause.INVALID,
                        Cause.CANCELED);
                var cause =
                        passing && random.nextInt(4) > 0 ? Cause.SUCCESS : causes.get(random.nextInt(causes.size()));
                var current = cluster.scheduler.current(execution.worker, execution.id());
                var awaited = current != null && !current.recording();
                var taken =
                        cluster.finish(execution.worker, execution.id(), cause, Duration.ofMillis(random.nextInt(300)));
                require(taken == awaited, "what is stale is dropped, and only that: " + execution.id());
                stale.add(Map.entry(execution.worker, execution.id()));
            }
        }

        private void stale() {
            if (!stale.isEmpty()) {
                var attempt = stale.get(random.nextInt(stale.size()));
                var current = cluster.scheduler.current(attempt.getKey(), attempt.getValue());
                if (current == null || current.recording()) {
                    require(
                            !cluster.finish(attempt.getKey(), attempt.getValue(), Cause.SUCCESS, Duration.ZERO),
                            "a result that comes twice counts once");
                }
            }
        }

        private void start() {
            var execution = anyGiven();
            var current = execution == null ? null : cluster.scheduler.current(execution.worker, execution.id());
            if (current != null) {
                cluster.scheduler.started(current, cluster.now);
            }
        }

        private WorkerRun anyWorker() {
            var all = List.copyOf(cluster.scheduler.workers());
            return all.isEmpty() ? null : all.get(random.nextInt(all.size()));
        }

        private void lose() {
            var worker = anyWorker();
            if (worker != null && worker.online()) {
                cluster.scheduler.lost(worker);
            }
        }

        private void helloAgain(boolean restarted) {
            var worker = anyWorker();
            if (worker != null) {
                cluster.hello(worker.id, restarted);
            }
        }

        private void giveBack() {
            var execution = anyGiven();
            var current = execution == null ? null : cluster.scheduler.current(execution.worker, execution.id());
            if (current != null && !current.recording()) {
                cluster.given.get(current.worker).remove(current.id());
                cluster.scheduler.returned(current);
                stale.add(Map.entry(current.worker, current.id()));
            }
        }

        private void drain() {
            var worker = anyWorker();
            if (worker != null) {
                cluster.scheduler.drain(worker, !worker.draining());
            }
        }

        private void cancel() {
            var open = List.copyOf(cluster.scheduler.jobs());
            if (!open.isEmpty()) {
                cluster.scheduler.cancel(open.get(random.nextInt(open.size())), "canceled");
            }
        }

        private void executors() {
            var worker = anyWorker();
            if (worker != null) {
                var gone = random.nextBoolean();
                worker.executors(
                        gone ? List.of() : List.of(new ExecutorView("native", random.nextBoolean(), "no reason")));
                if (gone) {
                    cluster.orphanSessions(worker.id);
                }
            }
        }

        /** Everything comes back, and workers that can run anything: all must end. */
        private void settle() {
            cluster.worker("large", capacity(8, 16, 4, "fast"));
            cluster.worker("plain", capacity(8, 16, 4));
            for (var round = 0; !cluster.scheduler.jobs().isEmpty(); round++) {
                require(round < 500, "all jobs end, but " + open());
                for (var worker : List.copyOf(cluster.scheduler.workers())) {
                    worker.draining(false);
                    cluster.hello(worker.id, false);
                }
                cluster.pass(Duration.ofSeconds(5));
                cluster.schedule();
                cluster.checkNothingIdles();
                cluster.check();
                cluster.finishAll(Duration.ofMillis(10));
            }
        }

        private String open() {
            var open = new LinkedHashMap<TaskId, String>();
            for (var job : cluster.scheduler.jobs()) {
                for (var position = 0; position < job.size(); position++) {
                    var explanation = cluster.scheduler.explain(job, position, cluster.now);
                    open.put(job.taskId(position), explanation.summary() + " " + explanation.workers());
                }
            }
            return open.toString();
        }
    }

    private static void sentInTheOrderExplained(Random random) {
        var cluster = new SimulatedCluster(new Settings(0, 0, Duration.ZERO));
        for (var job = 1 + random.nextInt(6); job > 0; job--) {
            var template = task("", resources(1 + random.nextInt(2), 0, 0), 0, List.of());
            var work = new Work.Array(template, IndexSet.range(0, random.nextInt(5)), null, 0);
            cluster.submit(
                    new JobSpec("", List.of(), random.nextInt(2), List.of(), null, work),
                    "owner" + random.nextInt(3),
                    Set.of());
        }
        var expected = new LinkedHashMap<TaskId, Integer>();
        for (var job : cluster.scheduler.jobs()) {
            for (var position = 0; position < job.size(); position++) {
                expected.put(
                        job.taskId(position),
                        cluster.scheduler.explain(job, position, cluster.now).ahead());
            }
        }
        cluster.worker("w", capacity(1000, 0, 0));
        cluster.schedule();
        var order = new LinkedHashMap<TaskId, Integer>();
        cluster.dispatched.forEach(execution -> order.put(execution.id().task(), order.size()));
        assertThat(order).containsExactlyInAnyOrderEntriesOf(expected);
    }

    private static void largeTaskStarts(Random random) {
        var cluster = new SimulatedCluster(new Settings(0, random.nextInt(4), Duration.ofMillis(200)));
        var workers = 1 + random.nextInt(3);
        for (var i = 0; i < workers; i++) {
            cluster.worker("w" + i, capacity(4, 4, 0));
        }
        for (var i = 0; i < 3; i++) {
            var small = task("", resources(1 + i % 2, 0, 0), 0, List.of());
            cluster.submit(
                    JobSpec.of("", new Work.Array(small, IndexSet.range(0, 100_000), null, 0)), "owner" + i, Set.of());
        }
        cluster.schedule();
        var large = cluster.submit(
                JobSpec.of("", new Work.Single(task("", resources(4, 0, 0), 0, List.of()))), "owner0", Set.of());
        for (var second = 0; large.executing() == 0; second++) {
            require(second < 60, "the large task starts: " + cluster.scheduler.explain(large, 0, cluster.now));
            cluster.pass(Duration.ofSeconds(1));
            for (var worker : List.copyOf(cluster.given.keySet())) {
                for (var attempt : List.copyOf(cluster.given.get(worker).keySet())) {
                    if (random.nextInt(3) == 0) {
                        cluster.finish(worker, attempt, Cause.SUCCESS, Duration.ofMillis(random.nextInt(100)));
                    }
                }
            }
            cluster.write();
            cluster.schedule();
            cluster.checkNothingIdles();
        }
    }
}
