package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import muster.api.Capacity;
import muster.api.CategoryView;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.Event;
import muster.api.IndexSet;
import muster.api.Input;
import muster.api.JobId;
import muster.api.JobQuery;
import muster.api.JobSpec;
import muster.api.JobState;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.Output;
import muster.api.Resources;
import muster.api.Secret;
import muster.api.TaskId;
import muster.api.TaskQuery;
import muster.api.TaskSpec;
import muster.api.TaskState;
import muster.api.Work;
import muster.api.WorkerState;
import muster.transport.Links;
import muster.transport.ToManager;
import muster.transport.ToWorker;
import org.apache.karaf.features.internal.model.Bundle;
import org.apache.karaf.features.internal.model.Feature;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManagerTest {
    private static final String CANARY = "canary-7f3a9c";

    @TempDir
    Path folder;

    private TestCluster cluster;

    @BeforeEach
    void start() {
        cluster = new TestCluster(folder);
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private static TaskSpec task(String name, Resources resources, int retries, String... needs) {
        return TaskSpec.builder()
                .name(name)
                .command(List.of("true"))
                .resources(resources)
                .retries(retries)
                .needs(List.of(needs))
                .build();
    }

    private static Resources cores(double cores) {
        return new Resources(cores, 0, 0, 0, Map.of(), List.of());
    }

    private static JobSpec single(int retries) {
        return JobSpec.of("one", new Work.Single(task("", Resources.DEFAULT, retries)));
    }

    private static JobSpec array(int size, int throttle) {
        return JobSpec.of(
                "many", new Work.Array(task("", Resources.DEFAULT, 0), IndexSet.range(0, size - 1), null, throttle));
    }

    private JobId submit(JobSpec spec) {
        return cluster.jobs.submit(spec, "ada", null);
    }

    @Test
    void jobRunsOnAWorkerAndItsResultIsKept() throws Exception {
        var worker = cluster.worker("w1", 2);
        var job = submit(single(0));
        var attempt = worker.awaitRunning(1).get(0);
        worker.started(attempt);
        worker.succeed(attempt);

        assertThat(cluster.ended(job).state()).isEqualTo(JobState.SUCCEEDED);
        var task = cluster.jobs.task(attempt.task());
        assertThat(task.state()).isEqualTo(TaskState.SUCCEEDED);
        assertThat(task.attempts()).singleElement().satisfies(a -> {
            assertThat(a.worker()).isEqualTo("w1");
            assertThat(a.exitCode()).isZero();
            assertThat(a.cause()).isEqualTo(Cause.SUCCESS);
        });
        var log = cluster.jobs.log(attempt.task(), LogStream.STDOUT, 1, 100).toCompletableFuture();
        assertThat(log.get(5, TimeUnit.SECONDS).bytes()).isEqualTo("ut".getBytes(StandardCharsets.UTF_8));
        assertThat(log.get().ended()).isTrue();
        TestCluster.until("confirmed", () -> worker.look(() -> worker.confirmed.contains(attempt)));
    }

    private static JobSpec withSecret(JobSpec job) {
        var secret = new Secret("PASSWORD", Secret.Place.ENVIRONMENT, CANARY.getBytes(StandardCharsets.UTF_8));
        return new JobSpec(job.name(), job.tags(), 0, List.of(), null, job.work(), List.of(secret));
    }

    private static List<String> secrets(TestCluster.FakeWorker worker) {
        return worker.look(() -> worker.messages.stream()
                .filter(ToWorker.Run.class::isInstance)
                .flatMap(message -> ((ToWorker.Run) message).batches().stream())
                .map(batch -> batch.secrets().stream()
                        .map(secret -> secret.name() + "=" + new String(secret.requireValue(), StandardCharsets.UTF_8))
                        .collect(Collectors.joining(",")))
                .toList());
    }

    @Test
    void tasksGetTheSecretsOfTheirJobAndNobodyElseDoes() throws Exception {
        var job = submit(withSecret(array(2, 0)));
        submit(single(0));
        assertThat(cluster.jobs.spec(job).secrets())
                .containsExactly(new Secret("PASSWORD", Secret.Place.ENVIRONMENT, null));

        cluster.restart();
        var worker = cluster.worker("w1", 3);
        worker.awaitRunning(3).forEach(attempt -> {
            if (attempt.task().job().equals(job) && attempt.task().index() == 1) {
                worker.end(attempt, Cause.EXIT_CODE, 1, "");
            } else {
                worker.succeed(attempt);
            }
        });
        cluster.ended(job);
        assertThat(secrets(worker)).containsExactlyInAnyOrder("PASSWORD=" + CANARY, "");

        cluster.jobs.retry(job, false, "ada");
        worker.succeed(worker.awaitRunning(1).get(0));
        cluster.ended(job);
        assertThat(secrets(worker)).hasSize(3).last().isEqualTo("PASSWORD=" + CANARY);
        cluster.jobs.delete(job, "ada");
        assertThat(cluster.manager.store.taskSecrets(job)).isEmpty();

        try (var files = Files.walk(folder)) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain(CANARY);
            }
        }
    }

    @Test
    void aJobWhoseSecretsCannotBeReadEndsAndSaysWhy() throws Exception {
        var job = submit(withSecret(single(0)));
        cluster.close();
        Files.delete(folder.resolve("secrets.key"));
        cluster.start(List.of());

        assertThat(cluster.ended(job).state()).isEqualTo(JobState.CANCELED);
        assertThat(cluster.ended(job).message()).contains("secrets of job " + job, "was not encrypted by");
        assertThatThrownBy(() -> cluster.jobs.retry(job, false, "ada")).hasMessageContaining("was not encrypted by");
    }

    @Test
    void aJobIsNotAcceptedWithoutTheValuesOfItsSecrets() {
        assertThatThrownBy(() -> submit(withSecret(single(0)).withoutSecretValues()))
                .hasMessageContaining("secret 'PASSWORD' has no value");
    }

    @Test
    void tellsHowFarEachCategoryIsBeforeAndAfterTheEnd() throws Exception {
        var first = task("first", cores(1), 0);
        var parts = List.of(task("part-1", cores(1), 0), task("part-2", cores(1), 0));
        var job = submit(JobSpec.of("g", new Work.Graph(List.of(parts.get(0), first, parts.get(1)))));

        var before = cluster.jobs.categories(job);
        cluster.worker("w1", 1).automatic();
        cluster.ended(job);

        assertThat(before).extracting(CategoryView::name).containsExactly("part-#", "first");
        assertThat(before).extracting(CategoryView::size).containsExactly(2, 1);
        assertThat(before.get(0).tasks()).containsEntry(TaskState.READY, 2);
        assertThat(cluster.jobs.categories(job).get(0).tasks()).containsEntry(TaskState.SUCCEEDED, 2);
    }

    @Test
    void jobWaitsForTheFirstWorkerAndSaysSo() throws Exception {
        var job = submit(single(0));
        assertThat(cluster.jobs.explain(new TaskId(job, 0)).summary()).contains("no worker is online");
        cluster.worker("w1", 1).automatic();
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void refusesWhatNoWorkerCouldEverRun() throws Exception {
        cluster.worker("w1", 2);
        cluster.worker("w2", 8);
        var spec = JobSpec.of("big", new Work.Single(task("", cores(64), 0)));
        TestCluster.until(
                "both online", () -> cluster.cluster.workers().stream().allMatch(w -> w.state() == WorkerState.ONLINE));
        assertThatThrownBy(() -> submit(spec))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("no worker has 64 cores; the largest, w2, has 8 cores")
                .extracting(e -> ((MusterException) e).code())
                .isEqualTo(ErrorCode.IMPOSSIBLE);
        assertThat(cluster.jobs.jobs(query()).items()).isEmpty();
    }

    private static JobQuery query() {
        return new JobQuery(Set.of(), null, null, null, null, 100);
    }

    @Test
    void refusesAnExecutorThatNobodyHas() throws Exception {
        cluster.worker("w1", 2);
        TestCluster.until("online", () -> cluster.cluster.worker("w1").state() == WorkerState.ONLINE);
        var spec = JobSpec.of(
                "x", new Work.Single(TaskSpec.builder().executor("quantum").build()));
        assertThatThrownBy(() -> submit(spec))
                .hasMessageContaining("no worker has executor 'quantum'; use one of: native, noop");
    }

    @Test
    void failedAttemptIsTriedAgainAsOftenAsAsked() throws Exception {
        var worker = cluster.worker("w1", 1);
        var job = submit(single(1));
        var first = worker.awaitRunning(1).get(0);
        worker.end(first, Cause.EXIT_CODE, 3, "exited with code 3");
        var second = worker.awaitRunning(1).get(0);
        assertThat(second.number()).isEqualTo(2);
        worker.end(second, Cause.EXIT_CODE, 4, "exited with code 4");

        var view = cluster.ended(job);
        assertThat(view.state()).isEqualTo(JobState.FAILED);
        assertThat(view.message()).contains("exited with code 4");
        assertThat(cluster.jobs.task(first.task()).attempts())
                .extracting(a -> a.exitCode())
                .containsExactly(3, 4);
        assertThat(cluster.jobs.explain(first.task()).summary()).contains("w1").contains("exited with code 4");
    }

    @Test
    void ignoresResultOfStaleAttempt() throws Exception {
        var lost = cluster.worker("w1", 1);
        var job = submit(single(0));
        var first = lost.awaitRunning(1).get(0);
        lost.started(first);
        TestCluster.until("started", () -> cluster.jobs.task(first.task()).state() == TaskState.RUNNING);
        cluster.passTime(TestCluster.LEASE.plusSeconds(1));
        var other = cluster.worker("w2", 1);
        var second = other.awaitRunning(1).get(0);
        assertThat(second.number()).isEqualTo(2);

        lost.end(first, Cause.EXIT_CODE, 9, "late");
        TestCluster.until("the stale result is dropped", () -> lost.look(() -> lost.confirmed.contains(first)));
        other.succeed(second);
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(cluster.jobs.task(first.task()).attempts())
                .extracting(a -> a.cause())
                .containsExactly(Cause.WORKER_LOST, Cause.SUCCESS);
        assertThat(cluster.cluster.metrics()).contains("muster_results_stale_total 1.0");
    }

    @Test
    void forgetsTheOldestEndedJobsBeyondTheirRetention() throws Exception {
        cluster.worker("w1", 1).automatic();
        var first = submit(single(0));
        cluster.ended(first);
        var second = submit(single(0));
        cluster.ended(second);
        try (var pruner = new Pruner(cluster.manager, cluster.jobs, new Retention(Duration.ZERO, 1), null)) {
            pruner.prune();
        }
        assertThatThrownBy(() -> cluster.jobs.job(first)).hasMessageContaining("does not exist");
        cluster.restart();
        assertThatThrownBy(() -> cluster.jobs.job(first)).hasMessageContaining("does not exist");
        assertThat(cluster.jobs.job(second).state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void workerHeardAgainIsToldToStopWhatItLost() throws Exception {
        var worker = cluster.worker("w1", 1);
        submit(single(0));
        var first = worker.awaitRunning(1).get(0);
        cluster.passTime(TestCluster.LEASE.plusSeconds(1));
        TestCluster.until("lost", () -> cluster.cluster.worker("w1").state() == WorkerState.LOST);
        worker.heartbeat();
        TestCluster.until("told to stop", () -> worker.look(() -> worker.canceled.contains(first)));
        TestCluster.until(
                "given it anew",
                () -> worker.look(() -> worker.running.values().stream().anyMatch(attempt -> attempt.number() == 2)));
    }

    @Test
    void managerThatStoodStillFencesNobodyForIt() throws Exception {
        var worker = cluster.worker("w1", 1);
        var job = submit(single(0));
        var first = worker.awaitRunning(1).get(0);
        cluster.passTime(Duration.ofSeconds(5));
        cluster.standStill(TestCluster.LEASE.multipliedBy(3));
        cluster.passTime(Duration.ofSeconds(4));
        assertThat(cluster.cluster.worker("w1").state()).isEqualTo(WorkerState.ONLINE);
        worker.succeed(first);
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void taskThatKeepsLosingItsWorkerFails() throws Exception {
        var worker = cluster.worker("w1", 1);
        var job = submit(single(5));
        for (var session = 2; session <= 3; session++) {
            worker.started(worker.awaitRunning(1).get(0));
            worker.running.clear();
            worker.session = "s" + session;
            worker.hello(List.of(), List.of());
        }
        var view = cluster.ended(job);
        assertThat(view.state()).isEqualTo(JobState.FAILED);
        assertThat(view.message()).contains("worker 'w1' was restarted for the 2th time");
    }

    @Test
    void taskThatTakesManagerAndWorkerDownTogetherFailsToo() throws Exception {
        var worker = cluster.worker("w1", 1);
        var job = submit(single(5));
        for (var session = 2; session <= 3; session++) {
            worker.awaitRunning(1);
            worker.running.clear();
            worker.session = "s" + session;
            cluster.restart();
            worker.hello(List.of(), List.of());
        }
        var view = cluster.ended(job);
        assertThat(view.state()).isEqualTo(JobState.FAILED);
        assertThat(view.message()).contains("worker 'w1' was restarted for the 2th time");
    }

    @Test
    void attemptLostOnTheWayWhileTheManagerRestartsIsNoCrash() throws Exception {
        var worker = cluster.worker("w1", 1);
        var job = submit(single(0));
        for (var i = 0; i < 3; i++) {
            worker.awaitRunning(1);
            worker.running.clear();
            cluster.restart();
            worker.hello(List.of(), List.of());
        }
        worker.awaitRunning(1);
        worker.automatic();
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void jobThatIsSeenToHaveEndedCanBeDeletedAtOnce() throws Exception {
        cluster.worker("w1", 1).automatic();
        for (var i = 0; i < 50; i++) {
            var job = submit(single(0));
            TestCluster.until("seen ended", () -> cluster.jobs.job(job).state() == JobState.SUCCEEDED);
            cluster.jobs.delete(job, "ada");
        }
        assertThat(cluster.jobs.jobs(query()).items()).isEmpty();
    }

    @Test
    void asksWorkersWhatTheyHoldWhenItsOwnLinkWasDown() throws Exception {
        var worker = cluster.worker("w1", 2);
        var lost = submit(single(0));
        worker.awaitRunning(1);
        worker.running.clear();
        cluster.manager.workers.disconnected("cut off");
        cluster.manager.workers.connected();
        TestCluster.until("asked", () -> worker.look(() -> asked(worker)) == 1);

        // nothing is given before the answer, which would take it for lost
        var next = submit(single(0));
        worker.heartbeat();
        TestCluster.until("asked again", () -> worker.look(() -> asked(worker)) == 2);
        assertThat(worker.snapshot()).isEmpty();

        worker.hello();
        worker.awaitRunning(2);
        worker.automatic();
        assertThat(cluster.ended(lost).state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(cluster.ended(next).state()).isEqualTo(JobState.SUCCEEDED);
    }

    private static long asked(TestCluster.FakeWorker worker) {
        return worker.messages.stream()
                .filter(ToWorker.Reintroduce.class::isInstance)
                .count();
    }

    @Test
    void attemptLostOnTheWayIsSentAgainWithoutACrash() throws Exception {
        var worker = cluster.worker("w1", 1);
        var job = submit(single(0));
        for (var i = 0; i < 5; i++) {
            var attempt = worker.awaitRunning(1).get(0);
            worker.running.clear();
            worker.hello(List.of(), List.of());
            TestCluster.until(
                    "a newer attempt", () -> worker.snapshot().stream().anyMatch(a -> a.number() > attempt.number()));
        }
        worker.automatic();
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void graphRunsInOrderAndFailureCancelsWhatNeedsIt() throws Exception {
        var worker = cluster.worker("w1", 4);
        var job = submit(JobSpec.of(
                "graph",
                new Work.Graph(List.of(
                        task("a", Resources.DEFAULT, 0),
                        task("b", Resources.DEFAULT, 0, "a"),
                        task("c", Resources.DEFAULT, 0, "b"),
                        task("d", Resources.DEFAULT, 0, "a")))));
        var a = worker.awaitRunning(1).get(0);
        assertThat(a.task().index()).isZero();
        assertThat(cluster.jobs.explain(new TaskId(job, 1)).waitsFor()).containsExactly("task 'a'");
        worker.succeed(a);
        var both = worker.awaitRunning(2);
        assertThat(both).extracting(t -> t.task().index()).containsExactlyInAnyOrder(1, 3);
        for (var attempt : both) {
            if (attempt.task().index() == 1) {
                worker.end(attempt, Cause.EXIT_CODE, 1, "exited with code 1");
            } else {
                worker.succeed(attempt);
            }
        }
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.FAILED);
        assertThat(states(job))
                .containsExactly(TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELED, TaskState.SUCCEEDED);

        assertThat(cluster.jobs.retry(job, false, "ada")).isEqualTo(2);
        worker.succeed(worker.awaitRunning(1).get(0));
        worker.succeed(worker.awaitRunning(1).get(0));
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(cluster.jobs.find(job, "c")).isEqualTo(new TaskId(job, 2));
    }

    private List<TaskState> states(JobId job) {
        return cluster.jobs.tasks(new TaskQuery(job, Set.of(), null, 1000)).items().stream()
                .map(t -> t.state())
                .toList();
    }

    @Test
    void throttleBoundsHowManyRunAtOnce() throws Exception {
        var worker = cluster.worker("w1", 8);
        var job = submit(array(5, 2));
        assertThat(worker.awaitRunning(2)).hasSize(2);
        assertThat(cluster.jobs.explain(new TaskId(job, 4)).summary()).contains("at most 2 tasks");
        worker.automatic();
        assertThat(cluster.ended(job).tasks()).containsEntry(TaskState.SUCCEEDED, 5);
        assertThat(worker.received).hasSize(5);
    }

    @Test
    void cancelStopsWhatRunsAndKeepsTheRestFromStarting() throws Exception {
        var worker = cluster.worker("w1", 1);
        var job = submit(array(100, 0));
        var running = worker.awaitRunning(1).get(0);
        worker.started(running);
        cluster.jobs.cancel(job, "ada");
        TestCluster.until("told to stop", () -> worker.look(() -> worker.canceled.contains(running)));
        worker.end(running, Cause.CANCELED, -1, "canceled");
        var view = cluster.ended(job);
        assertThat(view.state()).isEqualTo(JobState.CANCELED);
        assertThat(view.tasks()).containsEntry(TaskState.CANCELED, 100);
        assertThat(view.message()).isEqualTo("canceled by ada");
    }

    @Test
    void maxFailsEndsTheRest() throws Exception {
        var worker = cluster.worker("w1", 1);
        worker.obeys = true;
        var spec = array(10, 0);
        var job = submit(new JobSpec("m", List.of(), 0, List.of(), 1, spec.work()));
        for (var i = 0; i < 2; i++) {
            worker.end(worker.awaitRunning(1).get(0), Cause.EXIT_CODE, 1, "exited with code 1");
        }
        var view = cluster.ended(job);
        assertThat(view.tasks()).containsEntry(TaskState.FAILED, 2).containsEntry(TaskState.CANCELED, 8);
    }

    @Test
    void whatFailedRunsAgainAloneAndWhatNeedsItAndAllElseStaysCanceledAlsoAfterARestart() throws Exception {
        var worker = cluster.worker("w1", 1);
        worker.obeys = true;
        var job = submit(new JobSpec(
                "m",
                List.of(),
                0,
                List.of(),
                0,
                new Work.Graph(List.of(
                        task("fails", Resources.DEFAULT, 0),
                        task("after", Resources.DEFAULT, 0, "fails"),
                        task("other", Resources.DEFAULT, 0),
                        task("both", Resources.DEFAULT, 0, "fails", "other")))));
        worker.end(worker.awaitRunning(1).get(0), Cause.EXIT_CODE, 1, "exited with code 1");
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.FAILED);
        assertThat(states(job))
                .containsExactly(TaskState.FAILED, TaskState.CANCELED, TaskState.CANCELED, TaskState.CANCELED);

        assertThat(cluster.jobs.retry(job, true, "ada")).isEqualTo(2);
        var again = worker.awaitRunning(1).get(0);
        assertThat(again.task().index()).isZero();
        cluster.restart();
        worker.hello(List.of(again), List.of());
        worker.automatic();
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.CANCELED);
        assertThat(states(job))
                .containsExactly(TaskState.SUCCEEDED, TaskState.SUCCEEDED, TaskState.CANCELED, TaskState.CANCELED);

        assertThat(cluster.jobs.retry(job, true, "ada")).isZero();
        assertThat(cluster.jobs.retry(job, false, "ada")).isEqualTo(2);
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(cluster.jobs.retry(job, false, "ada")).isZero();
        assertThat(cluster.jobs.job(job).state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void jobsComeAfterEachOther() throws Exception {
        var worker = cluster.worker("w1", 1);
        var first = submit(single(0));
        var second = submit(new JobSpec(
                "second",
                List.of(),
                0,
                List.of(new JobSpec.Dependency(first, false)),
                null,
                new Work.Single(TaskSpec.command("true"))));
        var third = submit(new JobSpec(
                "third",
                List.of(),
                0,
                List.of(new JobSpec.Dependency(first, true)),
                null,
                new Work.Single(TaskSpec.command("true"))));
        assertThat(cluster.jobs.explain(new TaskId(second, 0)).waitsFor()).containsExactly("job " + first);
        worker.end(worker.awaitRunning(1).get(0), Cause.EXIT_CODE, 1, "exited with code 1");
        assertThat(cluster.ended(second).state()).isEqualTo(JobState.CANCELED);
        worker.automatic();
        assertThat(cluster.ended(third).state()).isEqualTo(JobState.SUCCEEDED);
        assertThatThrownBy(() -> submit(new JobSpec(
                        "x",
                        List.of(),
                        0,
                        List.of(new JobSpec.Dependency(new JobId(999), false)),
                        null,
                        new Work.Single(TaskSpec.command("true")))))
                .hasMessageContaining("job 999 does not exist");
    }

    @Test
    void sameIdempotencyKeyGivesTheSameJob() {
        var first = cluster.jobs.submit(single(0), "ada", "key-1");
        assertThat(cluster.jobs.submit(single(0), "ada", "key-1")).isEqualTo(first);
        assertThat(cluster.jobs.submit(single(0), "bob", "key-1")).isNotEqualTo(first);
        assertThatThrownBy(() -> cluster.jobs.submit(single(1), "ada", "key-1"))
                .hasMessageContaining("was used for job " + first);
        cluster.restart();
        assertThat(cluster.jobs.submit(single(0), "ada", "key-1")).isEqualTo(first);
    }

    @Test
    void restartedManagerGoesOnWithoutStartingAnythingTwice() throws Exception {
        var worker = cluster.worker("w1", 2);
        var done = submit(single(0));
        worker.succeed(worker.awaitRunning(1).get(0));
        cluster.ended(done);
        var job = submit(array(4, 0));
        var running = worker.awaitRunning(2);
        var ended = running.get(0);
        worker.running.remove(ended.task());
        cluster.restart();

        assertThat(cluster.jobs.job(done).state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(cluster.jobs.job(job).tasks()).containsEntry(TaskState.ASSIGNED, 2);
        worker.hello(List.of(running.get(1)), List.of(ended));
        worker.succeed(ended);
        worker.awaitRunning(2);
        worker.automatic();
        var view = cluster.ended(job);
        assertThat(view.state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(worker.received).doesNotHaveDuplicates();
        assertThat(worker.received).allMatch(attempt -> attempt.number() == 1);
        var after = submit(single(0));
        assertThat(after.value()).isEqualTo(job.value() + 1);
    }

    @Test
    void failureOfATaskThatMayFailIsIgnoredAndSaidSoAfterARestartToo() throws Exception {
        var worker = cluster.worker("w1", 1);
        var lenient = task("a", Resources.DEFAULT, 0).toBuilder().mayFail(true).build();
        var file = List.of(new Input("in", "task:a/out", false));
        var job = submit(JobSpec.of(
                "some",
                new Work.Graph(List.of(
                        lenient.toBuilder().outputs(List.of(Output.of("out"))).build(),
                        task("b", Resources.DEFAULT, 0, "a"),
                        lenient.toBuilder().name("c").inputs(file).build()))));
        worker.end(worker.awaitRunning(1).get(0), Cause.EXIT_CODE, 3, "exit code 3");
        var second = worker.awaitRunning(1).get(0);
        assertThat(second.task().index()).isEqualTo(1);
        worker.running.remove(second.task());
        cluster.restart();
        worker.hello(List.of(), List.of(second));
        worker.succeed(second);

        for (var restarts = 0; restarts < 2; restarts++) {
            var view = cluster.ended(job);
            assertThat(view.state()).isEqualTo(JobState.SUCCEEDED);
            assertThat(view.tasks()).containsEntry(TaskState.IGNORED, 2).containsEntry(TaskState.FAILED, 0);
            assertThat(cluster.jobs.explain(new TaskId(job, 0)).summary())
                    .isEqualTo("may fail, and did not succeed on worker 'w1': exit code 3");
            assertThat(cluster.jobs.explain(new TaskId(job, 2)).summary())
                    .isEqualTo("may fail, and did not succeed: was not run: takes 'out' of 'a', which did not succeed");
            cluster.restart();
        }
        assertThat(cluster.jobs.retry(job, false, "ada")).isEqualTo(2);
    }

    @Test
    void afterARestartASilentWorkerHasTimeToComeBackAndAFullLeaseBeforeItIsFenced() throws Exception {
        var worker = cluster.worker("w1", 1);
        var job = submit(single(0));
        worker.awaitRunning(1);
        cluster.restart();
        var other = cluster.worker("w2", 1);
        assertThat(cluster.cluster.worker("w2").state()).isEqualTo(WorkerState.ONLINE);
        cluster.passTime(TestCluster.LEASE.minusSeconds(1));
        other.heartbeat();
        assertThat(cluster.cluster.worker("w2").state()).isEqualTo(WorkerState.ONLINE);
        cluster.passTime(Links.LONGEST_PAUSE);
        other.heartbeat();
        assertThat(cluster.jobs.job(job).tasks()).containsEntry(TaskState.ASSIGNED, 1);
        assertThat(cluster.cluster.worker("w1").state()).isEqualTo(WorkerState.ONLINE);
        cluster.passTime(Duration.ofSeconds(2));
        other.heartbeat();
        assertThat(other.awaitRunning(1).get(0).number()).isEqualTo(2);
        other.automatic();
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void drainedWorkerGetsNothingNew() throws Exception {
        var first = cluster.worker("w1", 1);
        cluster.cluster.drain("w1", "ada");
        var job = submit(single(0));
        var summary = cluster.jobs.explain(new TaskId(job, 0));
        assertThat(summary.workers()).containsEntry("w1", "is draining");
        cluster.worker("w2", 1).automatic();
        assertThat(cluster.ended(job).state()).isEqualTo(JobState.SUCCEEDED);
        cluster.cluster.resume("w1", "ada");
        submit(array(2, 0));
        first.awaitRunning(1);
    }

    @Test
    void onlineWorkerIsRemovedByForceAlone() throws Exception {
        var away = cluster.worker("w1", 1);
        submit(array(2, 0));
        away.awaitRunning(1);
        assertThatThrownBy(() -> cluster.cluster.remove("w1", false, "ada")).hasMessageContaining("is online");
        assertThat(cluster.revoked).isEmpty();

        cluster.cluster.remove("w1", true, "ada");

        assertThat(cluster.revoked).containsExactly("w1");
        assertThatThrownBy(() -> cluster.cluster.worker("w1")).hasMessageContaining("does not exist");
        var other = cluster.worker("w2", 2).automatic();
        assertThat(cluster.ended(new JobId(1)).state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(other.id).isEqualTo("w2");
    }

    @Test
    void whatARemovedWorkerStillSaysIsDropped() {
        var heard = new java.util.ArrayList<String>();
        var known = new KnownWorkers(
                new muster.transport.Links.ManagerListener() {
                    @Override
                    public void connected() {}

                    @Override
                    public void disconnected(String cause) {}

                    @Override
                    public void received(String worker, List<muster.transport.ToManager> messages) {
                        heard.add(worker);
                    }
                },
                "w1"::equals);
        known.received("w1", List.of());
        known.received("w2", List.of());
        assertThat(heard).containsExactly("w2");
    }

    @Test
    void labelsAndMemoryDecideWhereATaskRuns() throws Exception {
        var plain = cluster.worker("w1", 4);
        var labelled = cluster.new FakeWorker("w2", 4);
        labelled.labels = List.of("ssd");
        cluster.workers.put("w2", labelled);
        labelled.hello();
        submit(JobSpec.of(
                "l", new Work.Single(task("", new Resources(1, 6L << 30, 0, 0, Map.of(), List.of("ssd")), 0))));
        labelled.awaitRunning(1);
        var waiting = submit(JobSpec.of(
                "l", new Work.Single(task("", new Resources(1, 6L << 30, 0, 0, Map.of(), List.of("ssd")), 0))));
        var why = cluster.jobs.explain(new TaskId(waiting, 0));
        assertThat(why.workers())
                .containsEntry("w1", "does not match label ssd")
                .containsEntry("w2", "has 2GiB memory free, the task asks 6GiB memory");
        assertThat(why.summary()).isEqualTo("all workers that could run it are busy");
        assertThat(plain.snapshot()).isEmpty();
    }

    @Test
    void refusesAWorkerWhoseProtocolItCannotSpeak() throws Exception {
        var worker = cluster.new FakeWorker("w9", 1);
        cluster.workers.put("w9", worker);
        worker.say(new ToManager.Hello(
                "s1",
                98,
                99,
                "99.0",
                "127.0.0.1",
                new Capacity(1, 0, 0, List.of(), Map.of(), List.of()),
                List.of(),
                List.of(),
                List.of(),
                0,
                List.of(),
                List.of()));
        TestCluster.until("refused", () -> worker.look(() -> !worker.messages.isEmpty()));
        assertThat(worker.messages.get(0))
                .isInstanceOfSatisfying(ToWorker.Refused.class, refused -> assertThat(refused.reason())
                        .contains("version 99.0")
                        .contains("98 to 99"));
    }

    @Test
    void eventsTellAJobsWayAndAFollowerCanComeBack() throws Exception {
        var before = cluster.jobs.newestEvent();
        var worker = cluster.worker("w1", 1).automatic();
        var job = submit(single(0));
        cluster.ended(job);
        TestCluster.until("all told", () -> types(cluster.jobs.events(before, job, 100))
                .equals(List.of("job.submitted", "task.succeeded", "job.succeeded")));
        var all = cluster.jobs.events(before, job, 100);
        assertThat(cluster.jobs.events(all.get(0).id(), job, 1)).containsExactly(all.get(1));
        assertThat(worker.received).hasSize(1);
        var newest = cluster.jobs.newestEvent();
        cluster.restart();
        assertThat(cluster.jobs.newestEvent()).isGreaterThan(newest);
    }

    @Test
    void eventsTellThatAWorkerIsOnline() throws Exception {
        var before = cluster.jobs.newestEvent();
        var worker = cluster.worker("w1", 1);
        TestCluster.until(
                "told", () -> types(cluster.jobs.events(before, null, 100)).equals(List.of("worker.online")));
        cluster.passTime(TestCluster.LEASE.plusSeconds(1));
        worker.heartbeat();
        TestCluster.until("told again", () -> types(cluster.jobs.events(before, null, 100))
                .equals(List.of("worker.online", "worker.lost", "worker.online")));
    }

    private static List<String> types(List<Event> events) {
        return events.stream().map(Event::type).toList();
    }

    @Test
    void pagesOfTasksAndJobsFollowEachOther() throws Exception {
        var jobs = IntStream.range(0, 5).mapToObj(i -> submit(array(7, 0))).toList();
        var first = cluster.jobs.jobs(new JobQuery(Set.of(), null, null, "man", null, 3));
        assertThat(first.items()).extracting(j -> j.id()).containsExactly(jobs.get(4), jobs.get(3), jobs.get(2));
        var second = cluster.jobs.jobs(new JobQuery(Set.of(), null, null, null, first.next(), 3));
        assertThat(second.items()).extracting(j -> j.id()).containsExactly(jobs.get(1), jobs.get(0));
        assertThat(second.next()).isNull();
        var tasks = cluster.jobs.tasks(new TaskQuery(jobs.get(0), Set.of(TaskState.READY), null, 5));
        assertThat(cluster.jobs
                        .tasks(new TaskQuery(jobs.get(0), Set.of(), tasks.next(), 5))
                        .items())
                .extracting(t -> t.id().index())
                .containsExactly(5, 6);
    }

    @Test
    void aPlaceThatIsNoneIsRefused() {
        var job = submit(single(0));
        for (var cursor : List.of("-1", "x", "")) {
            assertThatThrownBy(() -> cluster.jobs.tasks(new TaskQuery(job, Set.of(), cursor, 5)))
                    .hasMessageContaining("is not one; use 'next' of the page before");
        }
        assertThat(cluster.jobs
                        .tasks(new TaskQuery(job, Set.of(), "4294967295", 5))
                        .items())
                .isEmpty();
    }

    @Test
    void aFeatureIsRemovedBundleByBundleUntilOneFails() throws Exception {
        var worker = cluster.worker("w1", 1);
        var feature = new Feature("muster-executor-pair", "1.0");
        feature.getBundle().add(new Bundle("mvn:org.acme/first/1.0"));
        feature.getBundle().add(new Bundle("mvn:org.acme/second/1.0"));
        cluster.known = new Feature[] {feature};

        var removed = cluster.cluster.undeploy("w1", "pair", "ada").toCompletableFuture();
        answer(worker, "second.jar", "'second.jar' is removed", "");
        answer(worker, "first.jar", "'first.jar' is removed", "");
        assertThat(removed.get(20, TimeUnit.SECONDS)).isEqualTo("'second.jar' is removed; 'first.jar' is removed");

        var failed = cluster.cluster.undeploy("w1", "pair", "ada").toCompletableFuture();
        answer(worker, "second.jar", "", "it does not go");
        assertThatThrownBy(() -> failed.get(20, TimeUnit.SECONDS)).hasMessageContaining("worker 'w1': it does not go");
        assertThat(deployments(worker)).isEmpty();
    }

    @Test
    void hearsNoWorkerThatAnswersForAnother() throws Exception {
        var worker = cluster.worker("w1", 1);
        var removed = cluster.cluster.undeploy("w1", "mine.jar", "ada").toCompletableFuture();
        TestCluster.until("it is asked", () -> !deployments(worker).isEmpty());
        var request = deployments(worker).get(0).request();

        cluster.worker("w2", 1).say(new ToManager.Deployed(request, "from w2", ""));
        worker.say(new ToManager.Deployed(request, "from w1", ""));

        assertThat(removed.get(20, TimeUnit.SECONDS)).isEqualTo("from w1");
    }

    @Test
    void lostReleasesAreSentAgain() throws Exception {
        var worker = cluster.worker("w1", 1);
        var ended = submit(single(0));
        worker.succeed(worker.awaitRunning(1).get(0));
        cluster.ended(ended);
        var open = submit(single(0));
        worker.awaitRunning(1);
        worker.keeps = List.of(ended, open);

        cluster.restart();
        worker.hello();

        TestCluster.until(
                "it is released",
                () -> worker.look(() -> worker.messages.contains(new ToWorker.Release(List.of(ended)))));
        assertThat(worker.messages).doesNotContain(new ToWorker.Release(List.of(open)));
    }

    /** Answers the only question about a bundle that is open. */
    private static void answer(TestCluster.FakeWorker worker, String file, String message, String error)
            throws TimeoutException {
        TestCluster.until("it is asked", () -> !deployments(worker).isEmpty());
        var asked = deployments(worker);
        assertThat(asked).extracting(ToWorker.Deploy::file).containsExactly(file);
        worker.look(() -> worker.messages.removeAll(asked));
        worker.say(new ToManager.Deployed(asked.get(0).request(), message, error));
    }

    private static List<ToWorker.Deploy> deployments(TestCluster.FakeWorker worker) {
        return worker.look(() -> worker.messages.stream()
                .filter(ToWorker.Deploy.class::isInstance)
                .map(ToWorker.Deploy.class::cast)
                .toList());
    }

    @Test
    void deletedJobIsGone() throws Exception {
        cluster.worker("w1", 1).automatic();
        var job = submit(single(0));
        cluster.ended(job);
        cluster.jobs.delete(job, "ada");
        assertThatThrownBy(() -> cluster.jobs.job(job)).hasMessageContaining("job " + job + " does not exist");
        cluster.restart();
        assertThatThrownBy(() -> cluster.jobs.job(job)).hasMessageContaining("does not exist");
        assertThat(submit(single(0)).value()).isEqualTo(job.value() + 1);
    }

    @Test
    void expectedWorkersAreNamedWhenMissing() {
        cluster.manager.close();
        cluster.start(List.of("w1", "w2"));
        cluster.worker("w1", 1);
        assertThat(cluster.cluster.status().missing()).containsExactly("w2");
        assertThat(cluster.cluster.worker("w2").state()).isEqualTo(WorkerState.MISSING);
        assertThat(submit(JobSpec.of("big", new Work.Single(task("", cores(64), 0)))))
                .isNotNull();
    }

    @Test
    void ownerWhoUsesLessComesFirst() throws Exception {
        var worker = cluster.worker("w1", 1);
        cluster.jobs.submit(array(3, 0), "ada", null);
        worker.awaitRunning(1);
        var adas = worker.snapshot().get(0).task().job();
        var bobs = cluster.jobs.submit(single(0), "bob", null);
        assertThat(worker.snapshot().get(0).task().job()).isEqualTo(adas);
        worker.succeed(worker.snapshot().get(0));
        assertThat(worker.awaitRunning(1).get(0).task().job()).isEqualTo(bobs);
    }

    @Test
    void limitsHoldAcrossSubmitEndRetryAndRestart() throws Exception {
        cluster.close();
        cluster = new TestCluster(folder.resolve("limited"), new Quotas.Limits(2, 100, 0));
        var worker = cluster.worker("w1", 1);
        var first = cluster.jobs.submit(single(0), "anna", "key");
        var running = worker.awaitRunning(1).get(0);
        cluster.jobs.submit(single(0), "anna", null);
        assertThat(cluster.jobs.submit(single(0), "anna", "key")).isEqualTo(first);
        tooMany(() -> cluster.jobs.submit(single(0), "anna", null));
        cluster.jobs.submit(single(0), "bert", null);

        worker.end(running, Cause.EXIT_CODE, 1, "");
        cluster.ended(first);
        cluster.jobs.submit(single(0), "anna", null);
        tooMany(() -> cluster.jobs.retry(first, false, "anna"));

        cluster.restart();
        tooMany(() -> cluster.jobs.submit(single(0), "anna", null));
    }

    private static void tooMany(ThrowingCallable call) {
        assertThatThrownBy(call).extracting(e -> ((MusterException) e).code()).isEqualTo(ErrorCode.TOO_MANY);
    }
}
