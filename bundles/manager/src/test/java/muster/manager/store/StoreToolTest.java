package muster.manager.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import muster.api.JobId;
import muster.api.MusterException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.SQLiteDataSource;

class StoreToolTest {
    private static final Pattern NEEDED =
            Pattern.compile("manager/target/classes$|/(api|transport)/target/|/sqlite-jdbc-"
                    + "|/jackson-core-|/jackson-dataformat-cbor-");

    @TempDir
    Path folder;

    private record Ran(int code, String output) {}

    private Path file() {
        return folder.resolve("data/muster.db");
    }

    private Path backup() {
        return folder.resolve("backup.db");
    }

    private SqlStore open() {
        var store = new SqlStore(new SqliteDatabase(file()));
        assertThat(store.take(store.lease(), "m1", "")).isTrue();
        return store;
    }

    /** A store with jobs of these numbers, each with an attempt. */
    private void fill(long first, long last) throws Exception {
        try (var store = open()) {
            for (var job = first; job <= last; job++) {
                StoreContract.write(
                        store,
                        new Write.Submitted(StoreContract.job(job)),
                        new Write.Ended(List.of(StoreContract.success(StoreContract.id(job, 0, 1)))));
            }
        }
    }

    private static List<Long> jobs(Store store) {
        var found = new ArrayList<Long>();
        store.jobs(job -> found.add(job.id().value()));
        return found;
    }

    private Ran run(String... arguments) {
        var bytes = new ByteArrayOutputStream();
        var out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        var code = StoreTool.run(List.of(arguments), out, out);
        return new Ran(code, bytes.toString(StandardCharsets.UTF_8));
    }

    /** As users do: in a process of its own, with no more on its class path than they have. */
    private static Ran start(String... arguments) throws Exception {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp",
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> NEEDED.matcher(entry).find())
                        .collect(Collectors.joining(File.pathSeparator)),
                StoreTool.class.getName()));
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ran(process.waitFor(), output);
    }

    private void execute(Path of, String sql) throws Exception {
        var source = new SQLiteDataSource();
        source.setUrl("jdbc:sqlite:" + of);
        try (var connection = source.getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Test
    void aBackupMadeWhileTheManagerWritesHasAllThatWasDurable() throws Exception {
        fill(1, 20);
        var ended = new AtomicBoolean();
        try (var store = open()) {
            var writer = new Thread(() -> {
                for (var i = 0; !ended.get(); i++) {
                    var attempt = StoreContract.success(StoreContract.id(20, i, 2));
                    assertThatCode(() -> StoreContract.write(store, new Write.Ended(List.of(attempt))))
                            .doesNotThrowAnyException();
                }
            });
            writer.start();
            var made = start("backup", file().toString(), backup().toString());
            ended.set(true);
            writer.join();
            assertThat(made.code).as(made.output).isZero();
            StoreContract.write(store);
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(backup())))
                .isEqualTo("rw-------");
        assertThat(run("verify", backup().toString()).output).contains("is whole: 20 jobs");
        try (var store = new SqlStore(new SqliteDatabase(backup()))) {
            assertThat(jobs(store)).hasSize(20);
            assertThat(store.attempts(new JobId(20), List.of(0))).isNotEmpty();
        }
    }

    @Test
    void verifyAndRestoreSayThatAManagerRuns() throws Exception {
        fill(1, 1);
        assertThat(run("backup", file().toString(), backup().toString()).code).isZero();
        try (var store = open()) {
            assertThat(start("verify", file().toString()))
                    .matches(ran -> ran.code == 2 && ran.output.contains("a manager runs on the store " + file()));
            assertThat(start("restore", file().toString(), backup().toString()))
                    .matches(ran -> ran.code == 2 && ran.output.contains("a manager runs on the store " + file()));
            StoreContract.write(store, new Write.Submitted(StoreContract.job(2)));
            assertThat(jobs(store)).containsExactly(1L, 2L);
        }
    }

    @Test
    void verifyNamesEveryDamagedRow() throws Exception {
        fill(1, 3);
        assertThat(run("verify", file().toString()).code).isZero();
        execute(file(), "update attempt set content = zeroblob(20) where job = 2");
        execute(file(), "update job set progress = content where id = 1");
        execute(file(), "delete from job where id = 3");
        var ran = run("verify", file().toString());
        assertThat(ran.code).isEqualTo(1);
        assertThat(ran.output)
                .contains("attempt 2.0@1 of standing 1 is not what was written")
                .contains("progress of job 1 is not what was written")
                .contains("there are attempts of job 3, which is not there")
                .contains(file() + " is damaged; restore a backup");
    }

    @Test
    void whatIsDamagedIsNoBackupAndIsNotRestored() throws Exception {
        fill(1, 3);
        assertThat(run("backup", file().toString(), backup().toString()).code).isZero();
        execute(backup(), "update job set progress = content where id = 1");
        execute(file(), "update attempt set content = zeroblob(20) where job = 2");
        var second = folder.resolve("second.db");
        var ran = run("backup", file().toString(), second.toString());
        assertThat(ran.code).isEqualTo(1);
        assertThat(ran.output).contains("is damaged: attempt 2.0@1");
        assertThat(folder.toFile().list()).containsOnly("data", "backup.db");
        ran = run("restore", file().toString(), backup().toString());
        assertThat(ran.code).isEqualTo(1);
        assertThat(ran.output).contains(backup() + " is damaged: progress of job 1");
        try (var store = open()) {
            assertThat(jobs(store)).containsExactly(1L, 2L, 3L);
        }
    }

    @Test
    void aBackupOverwritesNothing() throws Exception {
        fill(1, 1);
        Files.writeString(backup(), "mine");
        assertThat(run("backup", file().toString(), backup().toString()))
                .matches(ran -> ran.code == 2 && ran.output.contains("is there already"));
        assertThat(backup()).hasContent("mine");
    }

    @Test
    void aRestoredStoreGoesOnBehindWhatWasGivenOutSince() throws Exception {
        fill(1, 2);
        assertThat(run("backup", file().toString(), backup().toString()).code).isZero();
        fill(3, 5);
        long epoch;
        try (var store = open()) {
            epoch = store.epoch();
        }
        var ran = start("restore", file().toString(), backup().toString());
        assertThat(ran.code).as(ran.output).isZero();
        assertThat(ran.output).contains("the next job is 6").contains("what was there is now");
        try (var store = open()) {
            assertThat(jobs(store)).containsExactly(1L, 2L);
            assertThat(store.lastJob()).isEqualTo(5);
            assertThat(store.epoch()).isGreaterThan(epoch + 1);
        }
        assertThat(run("verify", file().toString()).code).isZero();
    }

    @Test
    void aRestoredStoreLeapsAheadWhenNobodyKnowsWhatWasGivenOut() throws Exception {
        fill(1, 2);
        assertThat(run("backup", file().toString(), backup().toString()).code).isZero();
        fill(3, 5);
        Files.write(file(), new byte[5000]);
        assertThatThrownBy(this::open).isInstanceOf(MusterException.class).hasMessageContaining(" is damaged: ");
        assertThat(run("restore", file().toString(), backup().toString()).code).isZero();
        try (var store = open()) {
            assertThat(jobs(store)).containsExactly(1L, 2L);
            assertThat(store.lastJob()).isGreaterThan(1_000_000);
            assertThat(store.epoch()).isGreaterThan(1_000);
        }
    }

    @Test
    void aRestoreThatWasCutOffIsEndedByTheNext() throws Exception {
        fill(1, 2);
        assertThat(run("backup", file().toString(), backup().toString()).code).isZero();
        fill(3, 5);
        Files.move(file(), SqliteDatabase.restored(file()));
        assertThatThrownBy(this::open).hasMessageContaining("was not ended");
        assertThat(run("verify", file().toString()).code).isNotZero();
        assertThat(run("restore", file().toString(), backup().toString()).output)
                .contains("the next job is 6");
        try (var store = open()) {
            assertThat(jobs(store)).containsExactly(1L, 2L);
        }
    }

    @Test
    void whatTheLogHoldsIsInTheBackupOfAManagerThatWasKilled() throws Exception {
        var killed = Files.createDirectory(folder.resolve("killed"));
        try (var store = open()) {
            StoreContract.write(store, new Write.Submitted(StoreContract.job(1)));
            for (var suffix : List.of("", "-wal", ".lock")) {
                Files.copy(SqliteDatabase.sibling(file(), suffix), killed.resolve("muster.db" + suffix));
            }
        }
        var ran = run("backup", killed.resolve("muster.db").toString(), backup().toString());
        assertThat(ran.output).contains("1 job,");
        Files.delete(killed.resolve("muster.db-wal"));
        ran = run(
                "backup",
                killed.resolve("muster.db").toString(),
                folder.resolve("b2.db").toString());
        assertThat(ran.code).isEqualTo(1);
        assertThat(run("verify", killed.resolve("muster.db").toString()).output).contains("was durable");
    }
}
