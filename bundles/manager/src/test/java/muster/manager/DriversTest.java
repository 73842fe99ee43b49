package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.JobId;
import muster.api.JobState;
import muster.api.JobView;
import muster.api.MusterException;
import muster.api.ObjectService;
import muster.api.Secret;
import muster.api.TaskSpec;
import muster.api.TaskState;
import muster.api.Work;
import muster.api.language.Driver;
import muster.api.language.DynamicLanguage;
import muster.api.language.Plan;
import muster.api.language.Requests;
import muster.api.language.Result;
import muster.api.language.Script;
import muster.api.language.WorkflowRequest;
import muster.transport.ToWorker;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Version;

class DriversTest {
    private static final Version FIRST = new Version(1, 0, 0);
    private static final Version SECOND = new Version(2, 0, 0);

    private final Languages languages = new Languages();
    private final TestCluster cluster;
    private final Workflows workflows;
    private final Chain chain = new Chain("step");
    private final TestCluster.FakeWorker worker;

    DriversTest(@TempDir Path folder) throws Exception {
        cluster = new TestCluster(folder);
        var objects = (ObjectService) Proxy.newProxyInstance(
                ObjectService.class.getClassLoader(),
                new Class<?>[] {ObjectService.class},
                (proxy, method, arguments) -> {
                    throw new AssertionError(method);
                });
        workflows = new Workflows(cluster.jobs, objects, languages);
        languages.add("chain", FIRST, chain);
        lead();
        worker = cluster.worker("w1", 4);
    }

    private void lead() {
        languages.jobs(cluster.jobs);
        cluster.manager.drivers.use(languages);
    }

    /** The manager dies and another one begins; the worker holds what it held. */
    private void restart() {
        cluster.restart();
        lead();
        worker.hello();
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    /** As many tasks as the script says, one after another; what it is told of each it notes. */
    private static class Chain implements DynamicLanguage {
        final List<String> told = new ArrayList<>();
        private final String prefix;

        Chain(String prefix) {
            this.prefix = prefix;
        }

        @Override
        public List<String> suffixes() {
            return List.of(".chain");
        }

        @Override
        public Plan compile(Script script) {
            return new Plan(new Work.Single(TaskSpec.command(script.text())), List.of(), List.of(), Map.of());
        }

        @Override
        public Driver start(Script script) {
            var length = Integer.parseInt(script.text());
            return new Driver() {
                private int asked;

                @Override
                public void onStart(Requests requests) {
                    ask(requests);
                }

                @Override
                public void onResult(Result result, Requests requests) {
                    synchronized (told) {
                        told.add(result.task() + " " + result.state() + " " + result.exitCode() + " " + result.text());
                    }
                    if (asked < length) {
                        ask(requests);
                    }
                }

                private void ask(Requests requests) {
                    requests.task(named(prefix + asked, List.of()));
                    asked++;
                }
            };
        }

        List<String> told() {
            synchronized (told) {
                return List.copyOf(told);
            }
        }
    }

    private static TaskSpec named(String name, List<String> needs) {
        return TaskSpec.builder()
                .name(name)
                .command(List.of("echo", name))
                .needs(needs)
                .build();
    }

    private JobId run(String text) {
        return run("a.chain", text);
    }

    private JobId run(String file, String text) {
        return run(file, text, false);
    }

    private JobId run(String file, String text, boolean mayFail) {
        return workflows.run(
                new WorkflowRequest(
                        "", file, text, Map.of(), Map.of(), Map.of(), Map.of(), Set.of(), Map.of(), "", List.of(), 0,
                        true, null, mayFail, List.of()),
                "ann",
                null);
    }

    private AttemptId running(JobId job, int index) throws TimeoutException {
        TestCluster.until("task " + index + " runs", () -> worker.snapshot().stream()
                .anyMatch(a -> a.task().job().equals(job) && a.task().index() == index));
        return worker.snapshot().stream()
                .filter(a -> a.task().job().equals(job) && a.task().index() == index)
                .findFirst()
                .orElseThrow();
    }

    private void succeed(JobId job, int index) throws TimeoutException {
        var attempt = running(job, index);
        worker.succeed(attempt);
        TestCluster.until(attempt + " is confirmed", () -> worker.look(() -> worker.confirmed.contains(attempt)));
    }

    private JobView ended(JobId job) throws Exception {
        TestCluster.until("job ends", () -> cluster.jobs.job(job).state().terminal());
        return cluster.ended(job);
    }

    @Test
    void everyTaskThatItAsksForGetsTheSecretsOfTheJob() throws Exception {
        var secret = new Secret("KEY", Secret.Place.ENVIRONMENT, new byte[] {65});
        var job = workflows.run(
                new WorkflowRequest(
                        "",
                        "a.chain",
                        "2",
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        Set.of(),
                        Map.of(),
                        "",
                        List.of(),
                        0,
                        true,
                        null,
                        false,
                        List.of(secret)),
                "ann",
                null);
        succeed(job, 0);
        succeed(job, 1);

        assertThat(ended(job).state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(worker.look(() -> worker.messages.stream()
                        .filter(ToWorker.Run.class::isInstance)
                        .flatMap(message -> ((ToWorker.Run) message).batches().stream())
                        .map(ToWorker.Batch::secrets)
                        .toList()))
                .containsExactly(List.of(secret), List.of(secret));
        assertThat(cluster.jobs.spec(job).secrets()).containsExactly(secret.named());
    }

    @Test
    void asksForEachTaskOnceItKnowsWhatTheOneBeforeWrote() throws Exception {
        var job = run("3");

        for (var i = 0; i < 3; i++) {
            succeed(job, i);
        }

        assertThat(ended(job)).matches(view -> view.state() == JobState.SUCCEEDED && view.size() == 3);
        assertThat(chain.told())
                .containsExactly("step0 SUCCEEDED 0 out", "step1 SUCCEEDED 0 out", "step2 SUCCEEDED 0 out");
        assertThat(((Work.Graph) cluster.jobs.spec(job).work()).tasks().get(2).name())
                .isEqualTo("step2");
        assertThat(cluster.jobs.find(job, "step2").index()).isEqualTo(2);
    }

    @Test
    void goesOnAfterARestartAndRunsNothingAgain() throws Exception {
        var job = run("4");
        succeed(job, 0);
        succeed(job, 1);
        running(job, 2);

        restart();

        succeed(job, 2);
        restart();
        succeed(job, 3);
        assertThat(ended(job).state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(worker.look(() -> List.copyOf(worker.received))).hasSize(4).doesNotHaveDuplicates();
        restart();
        assertThat(cluster.jobs.job(job)).matches(view -> view.state() == JobState.SUCCEEDED && view.size() == 4);
    }

    @Test
    void everyTaskOfARunMayFailIfThatSaysSoAfterARestartToo() throws Exception {
        var job = run("a.chain", "3", true);
        worker.end(running(job, 0), Cause.EXIT_CODE, 3, "exit code 3");
        running(job, 1);

        restart();

        worker.end(running(job, 1), Cause.EXIT_CODE, 3, "exit code 3");
        succeed(job, 2);
        assertThat(ended(job)).matches(view -> view.state() == JobState.SUCCEEDED && view.size() == 3);
        assertThat(chain.told()).endsWith("step1 IGNORED 3 out", "step2 SUCCEEDED 0 out");
    }

    @Test
    void isToldWhatEndedWhileNobodyDrove() throws Exception {
        var job = run("2");
        var first = running(job, 0);
        languages.remove("chain", chain);
        restart();

        worker.succeed(first);
        TestCluster.until(
                "the result is there", () -> cluster.jobs.task(first.task()).state() == TaskState.SUCCEEDED);
        assertThat(cluster.jobs.job(job).message())
                .startsWith("waits for language 'chain' of version 1.0.0, by which it was begun");
        languages.add("chain", FIRST, chain);

        succeed(job, 1);
        assertThat(ended(job))
                .matches(view ->
                        view.state() == JobState.SUCCEEDED && view.message().isEmpty());
    }

    @Test
    void goesOnWithTheVersionThatItBeganWith() throws Exception {
        var job = run("3");
        var newer = new Chain("newer");
        languages.add("chain", SECOND, newer);
        var other = run("1");
        succeed(other, 0);
        succeed(job, 0);
        restart();
        succeed(job, 1);
        running(job, 2);

        languages.remove("chain", chain);
        succeed(job, 2);

        TestCluster.until("it waits", () -> cluster.jobs.job(job).message().startsWith("waits for language 'chain'"));
        languages.add("chain", FIRST, chain);
        assertThat(ended(job).state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(ended(other).state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(newer.told()).containsOnly("newer0 SUCCEEDED 0 out");
    }

    @Test
    void aDriverThatAsksForSomethingElseThanBeforeIsRefused() throws Exception {
        var job = run("3");
        succeed(job, 0);
        running(job, 1);
        languages.remove("chain", chain);
        languages.add("chain", FIRST, new Chain("other"));
        worker.obeys = true;

        restart();

        assertThat(ended(job).state()).isEqualTo(JobState.FAILED);
        assertThat(cluster.jobs.job(job).message())
                .startsWith("NONDETERMINISTIC: request 0, at its start, was for task 'step0' (native: echo step0)"
                        + " and is now for task 'other0' (native: echo other0)");
        restart();
        assertThat(cluster.jobs.job(job).state()).isEqualTo(JobState.FAILED);
        assertThatThrownBy(() -> cluster.jobs.retry(job, false, "ann")).hasMessageContaining("run the script anew");
    }

    /** A language whose driver does this with each result. */
    private interface Deed {
        void with(Result result, Requests requests);
    }

    private JobId runs(Deed deed, TaskSpec... first) {
        languages.add("deed", FIRST, new DynamicLanguage() {
            @Override
            public List<String> suffixes() {
                return List.of(".deed");
            }

            @Override
            public Plan compile(Script script) {
                return new Plan(new Work.Graph(List.of(first)), List.of(), List.of(), Map.of());
            }

            @Override
            public Driver start(Script script) {
                return new Driver() {
                    @Override
                    public void onStart(Requests requests) {
                        for (var task : first) {
                            requests.task(task);
                        }
                    }

                    @Override
                    public void onResult(Result result, Requests requests) {
                        deed.with(result, requests);
                    }
                };
            }
        });
        return run("a.deed", "");
    }

    @Test
    void aDriverThatThrowsFailsItsJobByName() throws Exception {
        var job = runs(
                (result, requests) -> {
                    throw new IllegalArgumentException("no number\n");
                },
                named("a", List.of()));

        succeed(job, 0);

        assertThat(ended(job).state()).isEqualTo(JobState.FAILED);
        assertThat(cluster.jobs.job(job).message())
                .isEqualTo("DRIVER_FAILED: the driver of language 'deed' failed:"
                        + " java.lang.IllegalArgumentException: no number\\u000a");
    }

    @Test
    void aDriverThatDoesNotReturnIsGivenUpAndOthersGoOn() throws Exception {
        var ever = new CountDownLatch(1);
        cluster.manager.drivers.patience(Duration.ofMillis(100));
        var job = runs(
                (result, requests) -> {
                    while (ever.getCount() > 0) {
                        Thread.onSpinWait();
                    }
                },
                named("a", List.of()));
        succeed(job, 0);

        assertThat(ended(job).message()).startsWith("DRIVER_STUCK: the driver of language 'deed' did not return");
        ever.countDown();
        cluster.manager.drivers.patience(Drivers.PATIENCE);
        var other = run("1");
        succeed(other, 0);
        assertThat(ended(other).state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void whatNeedsAFailedTaskIsCanceledAndTold() throws Exception {
        var told = new ArrayList<String>();
        var job = runs(
                (result, requests) -> {
                    told.add(result.task() + " " + result.state() + " " + result.message());
                    if (result.task().equals("a")) {
                        requests.task(named("b", List.of("a")));
                    }
                },
                named("a", List.of()));

        worker.end(running(job, 0), Cause.EXIT_CODE, 3, "exited with code 3");

        assertThat(ended(job).state()).isEqualTo(JobState.FAILED);
        assertThat(told).containsExactly("a FAILED exited with code 3", "b CANCELED needs a task that did not succeed");
    }

    @Test
    void aRunIsEndedByItsScriptOrItsUser() throws Exception {
        worker.obeys = true;
        var failed = runs(
                (result, requests) -> requests.fail("no solution between 0 and 1"),
                named("a", List.of()),
                named("b", List.of()));
        running(failed, 1);
        succeed(failed, 0);
        assertThat(ended(failed))
                .matches(view -> view.state() == JobState.FAILED
                        && view.message().equals("no solution between 0 and 1")
                        && view.tasks().get(TaskState.CANCELED) == 1);

        var canceled = run("3");
        running(canceled, 0);
        cluster.jobs.cancel(canceled, "ann");
        assertThat(ended(canceled).state()).isEqualTo(JobState.CANCELED);
        restart();
        assertThat(cluster.jobs.job(failed).state()).isEqualTo(JobState.FAILED);
        assertThat(cluster.jobs.job(canceled).state()).isEqualTo(JobState.CANCELED);
    }

    @Test
    void aScriptThatAsksWronglyIsToldAtOnce() {
        assertThatThrownBy(() -> runs((result, requests) -> {}))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("graph has no tasks");
        assertThatThrownBy(() -> runs((result, requests) -> {}, named("a", List.of("b")), named("b", List.of())))
                .hasMessageContaining("task 'a' needs 'b', which was not asked for before");
        assertThatThrownBy(() -> run("x")).hasMessageContaining("DRIVER_FAILED").hasMessageContaining("\"x\"");
    }
}
