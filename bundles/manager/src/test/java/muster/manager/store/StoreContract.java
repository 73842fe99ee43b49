package muster.manager.store;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.TaskState;
import muster.api.Usage;
import muster.api.Work;
import muster.api.language.WorkflowRequest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the store owes, whatever database it is in. */
abstract class StoreContract {
    static final Instant NOW = Instant.parse("2026-05-04T03:02:01.123456Z");

    private final List<SqlStore> stores = new ArrayList<>();
    SqlStore store;

    /** Another store on the same database. */
    abstract Database database() throws Exception;

    @BeforeEach
    void open() throws Exception {
        store = newStore();
        assertThat(store.take(store.lease(), "m1", "https://m1:7070")).isTrue();
    }

    SqlStore newStore() throws Exception {
        var made = new SqlStore(database());
        stores.add(made);
        return made;
    }

    @AfterEach
    void close() {
        stores.forEach(SqlStore::close);
    }

    /** Closes the store, and opens it as a manager that starts again does. */
    void reopen() throws Exception {
        stores.remove(store);
        store.close();
        open();
    }

    static StoredJob job(long id) {
        var task = TaskSpec.builder()
                .name("t")
                .command(List.of("echo", "ä€\uD83D\uDE00"))
                .build();
        return new StoredJob(
                new JobId(id),
                "alice",
                JobSpec.of("job " + id, new Work.Single(task)),
                id % 2 == 0 ? "key" + id : null,
                "fingerprint",
                NOW,
                null,
                null,
                "",
                false,
                false,
                null,
                null);
    }

    static AttemptId id(long job, int task, int number) {
        return new AttemptId(new TaskId(new JobId(job), task), number);
    }

    static EndedAttempt attempt(AttemptId id, EndedAttempt.Standing standing, Cause cause, byte @Nullable [] stdout) {
        return new EndedAttempt(
                id,
                standing,
                "w1",
                cause,
                cause == Cause.SUCCESS ? 0 : -1,
                cause == Cause.SIGNAL ? 9 : 0,
                "why\0so",
                "the end",
                NOW,
                null,
                NOW.plusSeconds(1),
                new Usage(Duration.ofMillis(500), Duration.ofNanos(1), 1 << 20),
                stdout == null ? 0 : stdout.length,
                0,
                stdout,
                null);
    }

    static EndedAttempt success(AttemptId id) {
        return attempt(id, EndedAttempt.Standing.LAST, Cause.SUCCESS, null);
    }

    static void write(Store store, Write... writes) throws ExecutionException, InterruptedException, TimeoutException {
        var last = new CompletableFuture<Boolean>();
        for (var write : writes) {
            store.write(write, () -> {}, last::completeExceptionally);
        }
        store.write(new Write.Barrier(), () -> last.complete(true), last::completeExceptionally);
        last.get(60, TimeUnit.SECONDS);
    }

    void write(Write... writes) throws ExecutionException, InterruptedException, TimeoutException {
        write(store, writes);
    }

    List<StoredJob> jobs() {
        var found = new ArrayList<StoredJob>();
        store.jobs(found::add);
        return found;
    }

    List<EndedAttempt> attempts(long job) {
        var found = new ArrayList<EndedAttempt>();
        store.attempts(new JobId(job), found::add);
        return found;
    }

    private void execute(String sql) throws Exception {
        try (var connection = foreign().getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The same database, for a stranger that writes into it. */
    abstract DataSource foreign() throws Exception;

    @Test
    void givesAnIdThatIsReservedToNoOtherJob() throws Exception {
        write(new Write.Reserved(new JobId(7)));
        assertThat(store.lastJob()).isEqualTo(7);
        reopen();
        assertThat(store.lastJob()).isEqualTo(7);
        assertThat(jobs()).isEmpty();
        write(new Write.Submitted(job(3)));
        assertThat(store.lastJob()).isEqualTo(7);
    }

    @Test
    void keepsTheStepsOfADriverAndTheTasksThatItAskedFor() throws Exception {
        var script = new WorkflowRequest(
                "l",
                "f",
                "text\0",
                Map.of("a", "b"),
                Map.of("o", "p"),
                Map.of("f", "g"),
                Map.of("v", "w"),
                Set.of("u"),
                Map.of("in", List.of(new muster.api.language.Content("n", "sha256:1", true))),
                "",
                List.of(),
                0,
                false,
                null,
                true,
                List.of());
        var driver = new StoredDriver("l", "1.2.3", 1, script);
        var plain = job(1);
        var job = new StoredJob(
                plain.id(),
                "alice",
                JobSpec.of("", new Work.Graph(List.of(named("a")))),
                null,
                "",
                NOW,
                null,
                null,
                "",
                false,
                false,
                null,
                driver);
        var first = new StoredStep(
                1, List.of(new StoredStep.Told(0, 2, TaskState.FAILED, 2)), List.of(named("b"), named("c")), "");
        var second = new StoredStep(
                2,
                List.of(
                        new StoredStep.Told(2, 1, TaskState.SUCCEEDED, 0),
                        new StoredStep.Told(1, 0, TaskState.CANCELED, 0)),
                List.of(),
                "why");
        write(new Write.Submitted(job), new Write.Stepped(job.id(), first), new Write.Stepped(job.id(), second));
        reopen();

        assertThat(store.steps(job.id())).containsExactly(first, second);
        var found = store.job(job.id()).orElseThrow();
        assertThat(found.driver()).isEqualTo(driver);
        assertThat(found.spec().work()).isEqualTo(new Work.Graph(List.of(named("a"), named("b"), named("c"))));

        write(new Write.Deleted(job.id()));
        eventually("all rows are gone", () -> count("step") + count("job") == 0);
    }

    private static TaskSpec named(String name) {
        return TaskSpec.builder().name(name).command(List.of(name)).build();
    }

    @Test
    void keepsJobsAsTheyWere() throws Exception {
        write(new Write.Submitted(job(1)), new Write.Submitted(job(2)));
        reopen();
        assertThat(jobs()).usingRecursiveComparison().isEqualTo(List.of(job(1), job(2)));
        assertThat(store.job(new JobId(2))).get().usingRecursiveComparison().isEqualTo(job(2));
        assertThat(store.job(new JobId(3))).isEmpty();
    }

    @Test
    void keepsWhatBecameOfAJob() throws Exception {
        write(new Write.Submitted(job(1)), new Write.Canceled(new JobId(1), "by\0alice", false));
        assertThat(store.job(new JobId(1)))
                .get()
                .matches(job -> job.canceled() && job.message().equals("by\0alice"));
        write(new Write.JobEnded(new JobId(1), null, NOW, "gone", new byte[] {3, 4}));
        reopen();
        var ended = store.job(new JobId(1)).orElseThrow();
        assertThat(ended.canceled()).isTrue();
        assertThat(ended.message()).isEqualTo("gone");
        assertThat(ended.startedAt()).isNull();
        assertThat(ended.finishedAt()).isEqualTo(NOW);
        assertThat(ended.states()).containsExactly(3, 4);
    }

    @Test
    void keepsAttemptsInOrderOfTaskAndNumber() throws Exception {
        var attempts = List.of(
                attempt(id(1, 0, 1), EndedAttempt.Standing.TRY, Cause.SIGNAL, null),
                success(id(1, 0, 2)),
                success(id(1, 7, 1)));
        write(new Write.Submitted(job(1)), new Write.Ended(List.of(attempts.get(2), attempts.get(0))));
        write(new Write.Ended(List.of(attempts.get(1))));
        reopen();
        assertThat(attempts(1)).isEqualTo(attempts);
        assertThat(store.attempts(new JobId(1), List.of(7, 3))).isEqualTo(attempts.subList(2, 3));
        assertThat(store.attempts(new JobId(1), List.of())).isEmpty();
    }

    @Test
    void theFirstRecordOfAnAttemptStands() throws Exception {
        write(new Write.Ended(List.of(success(id(1, 0, 1)))));
        write(new Write.Ended(List.of(attempt(id(1, 0, 1), EndedAttempt.Standing.LAST, Cause.EXIT_CODE, null))));
        assertThat(attempts(1)).containsExactly(success(id(1, 0, 1)));
    }

    @Test
    void keepsTheFirstBytesOfLogs() throws Exception {
        var bytes = "out".getBytes(StandardCharsets.UTF_8);
        write(new Write.Ended(List.of(attempt(id(1, 0, 1), EndedAttempt.Standing.LAST, Cause.SUCCESS, bytes))));
        reopen();
        assertThat(store.log(id(1, 0, 1), LogStream.STDOUT)).get().isEqualTo(bytes);
        assertThat(store.log(id(1, 0, 1), LogStream.STDERR)).isEmpty();
    }

    @Test
    void keepsManyAttempts() throws Exception {
        var attempts =
                IntStream.range(0, 20_000).mapToObj(i -> success(id(1, i, 1))).toList();
        for (var from = 0; from < attempts.size(); from += 250) {
            store.write(new Write.Ended(attempts.subList(from, from + 250)), () -> {}, e -> {});
        }
        write();
        assertThat(attempts(1)).isEqualTo(attempts);
    }

    @Test
    void aJobThatIsOpenedAgainForgivesWhatFailed() throws Exception {
        write(
                new Write.Submitted(job(1)),
                new Write.Ended(List.of(
                        success(id(1, 0, 1)),
                        attempt(id(1, 1, 1), EndedAttempt.Standing.TRY, Cause.EXIT_CODE, null),
                        attempt(id(1, 1, 2), EndedAttempt.Standing.LAST, Cause.EXIT_CODE, null))),
                new Write.JobEnded(new JobId(1), NOW, NOW, "failed", new byte[] {1}),
                new Write.Reopened(new JobId(1), null));
        assertThat(attempts(1))
                .extracting(EndedAttempt::standing)
                .containsExactly(
                        EndedAttempt.Standing.LAST, EndedAttempt.Standing.FORGIVEN, EndedAttempt.Standing.FORGIVEN);
        var again = store.job(new JobId(1)).orElseThrow();
        assertThat(again.states()).isNull();
        assertThat(again.message()).isEmpty();

        var states = new byte[] {1, 0};
        write(
                new Write.JobEnded(new JobId(1), NOW, NOW, "failed", new byte[] {1, 2}),
                new Write.Reopened(new JobId(1), states));
        reopen();
        var inPart = store.job(new JobId(1)).orElseThrow();
        assertThat(inPart.states()).isEqualTo(states);
        assertThat(inPart.endStates()).isNull();
    }

    @Test
    void anAttemptWhoseOutputsWereLostEndsItsTaskNoLonger() throws Exception {
        write(
                new Write.Submitted(job(1)),
                new Write.Ended(List.of(success(id(1, 0, 1)), success(id(1, 1, 1)))),
                new Write.OutputsLost(id(1, 1, 1)),
                new Write.Ended(List.of(success(id(1, 1, 2)))));
        reopen();
        assertThat(attempts(1))
                .extracting(EndedAttempt::standing)
                .containsExactly(EndedAttempt.Standing.LAST, EndedAttempt.Standing.LOST, EndedAttempt.Standing.LAST);
    }

    @Test
    void findsWhatIsCachedByTheNewestAttemptUntilItsJobIsDeleted() throws Exception {
        write(
                new Write.Submitted(job(1)),
                new Write.Submitted(
                        job(2), null, List.of(attempt(id(2, 0, 1), EndedAttempt.Standing.CACHED, Cause.SUCCESS, null))),
                new Write.Cached("a", id(1, 0, 1)),
                new Write.Cached("b", id(1, 0, 1)),
                new Write.Cached("b", id(2, 0, 1)));
        reopen();
        assertThat(store.cached(List.of("a", "b", "c"))).isEqualTo(Map.of("a", id(1, 0, 1), "b", id(2, 0, 1)));
        assertThat(attempts(2)).extracting(EndedAttempt::standing).containsExactly(EndedAttempt.Standing.CACHED);
        write(new Write.Deleted(new JobId(1)));
        eventually("what it made is forgotten", () -> store.cached(List.of("a", "b"))
                .equals(Map.of("b", id(2, 0, 1))));
    }

    @Test
    void keepsDispatchesUntilTheJobEnds() throws Exception {
        var dispatch = new StoredDispatch(new JobId(1), "w1", NOW, new int[] {0, 200}, new int[] {1, 3});
        var second = new StoredDispatch(new JobId(1), "w2", NOW, new int[] {1}, new int[] {1});
        write(new Write.Submitted(job(1)), new Write.Dispatched(dispatch), new Write.Dispatched(second));
        reopen();
        assertThat(store.dispatches(new JobId(1))).usingRecursiveComparison().isEqualTo(List.of(dispatch, second));
        write(new Write.JobEnded(new JobId(1), NOW, NOW, "", new byte[] {1}));
        assertThat(store.dispatches(new JobId(1))).isEmpty();
    }

    @Test
    void forgetsADeletedJobButNotItsNumber() throws Exception {
        write(
                new Write.Submitted(job(1)),
                new Write.Submitted(job(2)),
                new Write.Ended(
                        List.of(attempt(id(2, 0, 1), EndedAttempt.Standing.LAST, Cause.SUCCESS, new byte[] {1}))),
                new Write.Deleted(new JobId(2)));
        eventually("its attempt is gone", () -> attempts(2).isEmpty());
        assertThat(store.log(id(2, 0, 1), LogStream.STDOUT)).isEmpty();
        reopen();
        assertThat(jobs()).hasSize(1);
        assertThat(store.lastJob()).isEqualTo(2);
    }

    @Test
    void forgetsADeletedJobAtOnceAndItsRowsPieceByPiece() throws Exception {
        var attempts = IntStream.range(0, 20_000)
                .mapToObj(i -> attempt(id(2, i, 1), EndedAttempt.Standing.LAST, Cause.SUCCESS, new byte[] {1}))
                .toList();
        write(new Write.Submitted(job(1)), new Write.Submitted(job(2)), new Write.Ended(attempts));
        var before = store.lease().commits();
        var seen = new AtomicLong();
        var gone = new CompletableFuture<Boolean>();
        store.write(
                new Write.Deleted(new JobId(2)),
                () -> store.write(new Write.Beat(), () -> seen.set(count("attempt")), gone::completeExceptionally),
                gone::completeExceptionally);
        write();
        assertThat(jobs()).extracting(StoredJob::id).containsExactly(new JobId(1));
        assertThat(store.job(new JobId(2))).isEmpty();

        eventually("all rows are gone", () -> count("attempt") + count("log") == 0 && count("job") == 1);

        assertThat(seen).as("what came meanwhile did not wait for the end").hasPositiveValue();
        assertThat(store.lease().commits()).isGreaterThan(before + 10);
    }

    @Test
    void goesOnWithADeletionThatItsEndInterrupted() throws Exception {
        var attempts =
                IntStream.range(0, 50_000).mapToObj(i -> success(id(1, i, 1))).toList();
        write(new Write.Submitted(job(1)), new Write.Ended(attempts));
        store.write(new Write.Deleted(new JobId(1)), () -> {}, e -> {});
        reopen();
        assertThat(jobs()).isEmpty();
        eventually("all rows are gone", () -> count("attempt") + count("job") == 0);
    }

    private long count(String table) {
        try (var connection = foreign().getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("select count(*) from " + table)) {
            rows.next();
            return rows.getLong(1);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void keepsTheNewestOfAWorker() throws Exception {
        write(
                new Write.Worker(new StoredWorker("w1", "a", "1", false, null, null)),
                new Write.Worker(new StoredWorker("w2", "a", "1", false, NOW, null)),
                new Write.Worker(new StoredWorker("w1", "b", "2", true, NOW, "s2")),
                new Write.WorkerRemoved("w2"));
        reopen();
        assertThat(store.workers()).containsExactly(new StoredWorker("w1", "b", "2", true, NOW, "s2"));
    }

    @Test
    void keepsTheNewestOfASecret() throws Exception {
        assertThat(store.secret("ca")).isEmpty();
        write(new Write.Secret("ca", new byte[] {1}), new Write.Secret("ca", new byte[] {2, 0}));
        reopen();
        assertThat(store.secret("ca")).get().isEqualTo(new byte[] {2, 0});
    }

    @Test
    void keepsTheSecretsOfAJobUntilItIsDeleted() throws Exception {
        write(
                new Write.Submitted(job(1), new byte[] {1, 0}, List.of()),
                new Write.Submitted(job(2), new byte[] {2}, List.of()));
        write(new Write.JobEnded(new JobId(1), NOW, NOW, "", new byte[] {1}), new Write.Deleted(new JobId(2)));
        reopen();
        assertThat(store.taskSecrets(new JobId(1))).get().isEqualTo(new byte[] {1, 0});
        assertThat(store.taskSecrets(new JobId(2))).isEmpty();
        assertThat(count("task_secret")).isEqualTo(1);
    }

    @Test
    void addsSecretsAllOrNone() throws Exception {
        assertThat(store.addSecrets(new TreeMap<>(Map.of("b", new byte[] {1}, "c", new byte[] {2}))))
                .isTrue();
        assertThat(store.addSecrets(new TreeMap<>(Map.of("a", new byte[] {3}, "c", new byte[] {3}))))
                .isFalse();
        assertThat(store.secret("a")).isEmpty();
        assertThat(store.secret("c")).get().isEqualTo(new byte[] {2});
        write(new Write.Secret("a", new byte[] {4}));
    }

    @Test
    void theEpochRisesWithEachStart() throws Exception {
        var first = store.epoch();
        reopen();
        assertThat(store.epoch()).isGreaterThan(first);
    }

    @Test
    void aClosedStoreHasGivenItsLeaseBack() throws Exception {
        assertThat(store.lease().holder()).isEqualTo("m1");
        stores.remove(store);
        store.close();
        assertThat(newStore().lease().holder()).isEmpty();
    }

    @Test
    void aSubmitThatFailsIsToldAndTheRestGoesOn() throws Exception {
        write(new Write.Submitted(job(1)));
        var told = new CompletableFuture<Exception>();
        store.write(new Write.Submitted(job(1)), () -> {}, told::complete);
        assertThat(told.get(60, TimeUnit.SECONDS)).isInstanceOf(SQLException.class);
        write(new Write.Ended(List.of(success(id(1, 0, 1)))));
        assertThat(store.fault()).isEmpty();
        assertThat(attempts(1)).hasSize(1);
    }

    @Test
    void refusesEveryRowThatIsNotWhatWasWritten() throws Exception {
        write(
                new Write.Submitted(job(1)),
                new Write.Dispatched(new StoredDispatch(new JobId(1), "w1", NOW, new int[] {0}, new int[] {1})),
                new Write.Ended(
                        List.of(attempt(id(1, 0, 1), EndedAttempt.Standing.LAST, Cause.SUCCESS, new byte[] {1}))),
                new Write.Worker(new StoredWorker("w1", "a", "1", false, null, null)),
                new Write.Cached("c0ffee", id(1, 0, 1)),
                new Write.Secret("ca", new byte[] {1}));
        Map<String, Runnable> readings = new LinkedHashMap<>(Map.of(
                "update job set id = 2",
                this::jobs,
                "update job set content = progress",
                this::jobs,
                "update job set progress = content",
                this::jobs,
                "update dispatch set job = 3",
                () -> store.dispatches(new JobId(3)),
                "update attempt set task = 1",
                () -> attempts(1),
                "update attempt set standing = 0",
                () -> attempts(1),
                "update attempt set succeeded = 0",
                () -> attempts(1),
                "update log set stream = 1",
                () -> store.log(id(1, 0, 1), LogStream.STDERR),
                "update worker set id = 'w2'",
                store::workers,
                "update lease set epoch = epoch + 1",
                store::lease));
        readings.put("update secret set name = 'tokens'", () -> store.secret("tokens"));
        readings.put("update cache set id = 'decade'", () -> store.cached(List.of("decade")));
        for (var reading : readings.entrySet()) {
            execute(reading.getKey());
            assertThatThrownBy(reading.getValue()::run)
                    .as(reading.getKey())
                    .isInstanceOf(MusterException.class)
                    .hasMessageContaining(" is damaged: ")
                    .hasMessageContaining("restore a backup");
        }
    }
}
