package muster.manager.store;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import muster.api.Cause;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.LogStream;
import muster.api.MusterException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A store whose files are not what was written: its manager begins with all that was durable, or it does not begin and
 * says why. The places of the damage come from a seed.
 */
class SqliteDamageTest {
    private static final long SEED = 20_260_504;
    private static final int TRIALS = Integer.getInteger("muster.damage.trials", 60);
    private static final int ATTEMPTS = 300;

    @TempDir
    Path folder;

    private final Random random = new Random(SEED);

    /** As a manager that was killed left it, a part in the log. */
    private Path killed = Path.of("");

    /** As one that was stopped left it, all in the file. */
    private Path stopped = Path.of("");

    private List<String> durable = List.of();

    @BeforeEach
    void fill() throws Exception {
        killed = Files.createDirectory(folder.resolve("killed"));
        stopped = Files.createDirectory(folder.resolve("stopped"));
        var made = Files.createDirectory(folder.resolve("made"));
        try (var store = open(made)) {
            StoreContract.write(store, new Write.Submitted(StoreContract.job(1)));
            for (var job = 1L; job <= 2; job++) {
                if (job == 2) {
                    StoreContract.write(store, new Write.Submitted(StoreContract.job(2)));
                }
                for (var from = 0; from < ATTEMPTS; from += 100) {
                    StoreContract.write(store, dispatch(job, from), ended(job, from));
                }
            }
            StoreContract.write(
                    store,
                    new Write.JobEnded(new JobId(1), StoreContract.NOW, StoreContract.NOW, "", new byte[ATTEMPTS]),
                    new Write.Worker(new StoredWorker("w1", "a", "1", false, StoreContract.NOW, "s1")),
                    new Write.Worker(new StoredWorker("w2", "b", "1", true, null, null)));
            durable = all(store);
            copy(made, killed);
        }
        copy(made, stopped);
        assertThat(stopped.resolve("muster.db-wal")).doesNotExist();
        assertThat(killed.resolve("muster.db-wal")).isNotEmptyFile();
    }

    private static Write dispatch(long job, int from) {
        var indices = IntStream.range(from, from + 100).toArray();
        var numbers = new int[indices.length];
        Arrays.fill(numbers, 1);
        return new Write.Dispatched(new StoredDispatch(new JobId(job), "w1", StoreContract.NOW, indices, numbers));
    }

    private static Write ended(long job, int from) {
        return new Write.Ended(IntStream.range(from, from + 100)
                .mapToObj(i -> StoreContract.attempt(
                        StoreContract.id(job, i, 1),
                        EndedAttempt.Standing.LAST,
                        i % 3 == 0 ? Cause.EXIT_CODE : Cause.SUCCESS,
                        new byte[i % 50]))
                .toList());
    }

    private static SqlStore open(Path of) {
        var store = new SqlStore(new SqliteDatabase(of.resolve("muster.db")));
        try {
            assertThat(store.take(store.lease(), "m1", "")).isTrue();
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
        return store;
    }

    /** All that is in it, as text. */
    private static List<String> all(Store store) {
        var found = new ArrayList<String>();
        store.workers().forEach(worker -> found.add(worker.toString()));
        store.jobs(job -> {
            found.add(job.id() + " " + job.owner() + " " + job.spec() + " " + job.submittedAt() + " " + job.finishedAt()
                    + " " + job.canceled() + Arrays.toString(job.states()));
            store.dispatches(job.id())
                    .forEach(d -> found.add(d.job() + d.worker() + d.assignedAt() + Arrays.toString(d.indices())));
            store.attempts(job.id(), attempt -> {
                found.add(attempt.toString());
                store.log(attempt.id(), LogStream.STDOUT).ifPresent(log -> found.add(Arrays.toString(log)));
            });
        });
        return found;
    }

    private static void copy(Path from, Path to) throws IOException {
        for (var suffix : List.of("", "-wal", ".lock")) {
            var file = from.resolve("muster.db" + suffix);
            if (Files.exists(file)) {
                Files.copy(file, to.resolve("muster.db" + suffix));
            }
        }
    }

    private interface Damage {
        byte[] of(byte[] bytes);
    }

    private byte[] flipped(byte[] bytes) {
        var bit = random.nextInt(8 * bytes.length);
        bytes[bit / 8] ^= (byte) (1 << (bit % 8));
        return bytes;
    }

    private byte[] truncated(byte[] bytes) {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
    }

    /** Damages a file again and again; how often that was refused. Otherwise all that was durable was there. */
    private int refused(Path of, String suffix, Damage damage) throws IOException {
        var refused = 0;
        for (var trial = 0; trial < TRIALS; trial++) {
            var place = Files.createDirectory(folder.resolve("trial" + trial));
            copy(of, place);
            var file = place.resolve("muster.db" + suffix);
            Files.write(file, damage.of(Files.readAllBytes(file)));
            try (var store = open(place)) {
                assertThat(all(store)).as("trial %d of seed %d", trial, SEED).isEqualTo(durable);
            } catch (MusterException e) {
                assertThat(e).hasMessageContaining(place.resolve("muster.db").toString());
                assertThat(e.code()).isIn(ErrorCode.INTERNAL, ErrorCode.UNAVAILABLE);
                if (e.code() == ErrorCode.INTERNAL) {
                    assertThat(e).hasMessageContaining(" is damaged: ").hasMessageContaining("muster store restore");
                }
                refused++;
            }
        }
        return refused;
    }

    @Test
    void whatIsReadWithoutDamageIsWhatWasWritten() throws Exception {
        try (var store = open(stopped)) {
            assertThat(all(store)).isEqualTo(durable).hasSizeGreaterThan(2 * ATTEMPTS);
        }
        try (var store = open(killed)) {
            assertThat(all(store)).isEqualTo(durable);
        }
    }

    @Test
    @Tag("proof")
    void aFlippedBitOfTheFileIsFoundOrDoesNoHarm() throws Exception {
        // half of the file is free pages
        assertThat(refused(stopped, "", this::flipped)).isGreaterThan(TRIALS / 3);
    }

    @Test
    void aTruncatedFileIsRefused() throws Exception {
        assertThat(refused(stopped, "", this::truncated)).isEqualTo(TRIALS);
    }

    @Test
    @Tag("proof")
    void aFlippedBitOfTheLogIsFoundOrDoesNoHarm() throws Exception {
        assertThat(refused(killed, "-wal", this::flipped)).isGreaterThan(TRIALS / 2);
    }

    @Test
    void aTruncatedLogIsRefused() throws Exception {
        assertThat(refused(killed, "-wal", this::truncated)).isGreaterThan(TRIALS / 2);
    }

    @Test
    @Tag("proof")
    void aFlippedBitOfTheMarkDoesNoHarm() throws Exception {
        assertThat(refused(stopped, ".lock", this::flipped)).isZero();
    }

    @Test
    void aLogThatIsGoneIsMissed() throws Exception {
        Files.delete(killed.resolve("muster.db-wal"));
        assertThatThrownBy(() -> open(killed))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("was durable");
    }

    @Test
    void aFileThatIsEmptyOrGoneIsNotTakenForNew() throws Exception {
        for (var of : List.of(stopped, killed)) {
            Files.write(of.resolve("muster.db"), new byte[0]);
            assertThatThrownBy(() -> open(of)).hasMessageContaining("it is empty, but has had");
            Files.delete(of.resolve("muster.db"));
            assertThatThrownBy(() -> open(of)).hasMessageContaining("it is not there, but has had");
        }
        assertThat(killed.resolve("muster.db-wal"))
                .as("what may still be of use")
                .isNotEmptyFile();
    }

    @Test
    void aRowThatIsDamagedWhileTheManagerRunsIsNamedWithTheRemedy() throws Exception {
        try (var store = open(stopped)) {
            try (var connection = DriverManager.getConnection("jdbc:sqlite:" + stopped.resolve("muster.db"));
                    var statement = connection.createStatement()) {
                statement.executeUpdate(
                        "update job set progress = substr(progress, 1, length(progress) - 1) where id = 2");
            }

            store.write(
                    new Write.JobEnded(new JobId(2), StoreContract.NOW, StoreContract.NOW, "", new byte[ATTEMPTS]),
                    () -> {},
                    e -> {});

            eventually("it is told", () -> !store.fault().isEmpty());
            assertThat(store.fault())
                    .contains(" is damaged: ")
                    .contains("job 2")
                    .contains("muster store restore");
        }
    }
}
