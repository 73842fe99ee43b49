package muster.executor.process;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import muster.api.Cause;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The native executor where it holds processes in control groups: needs root and a cgroup v2 mounted writable. */
@Tag("root")
class NativeExecutorInGroupsTest extends NativeExecutorContract {
    /** Starts a process of which nothing but its group tells whose it is; it writes its id to the file pid. */
    private static final String ESCAPE = "until grep -q $MUSTER_TASK /proc/self/cgroup; do sleep 0.01; done;"
            + " echo 'echo $$ > $1; exec sleep 1000' > escape; own=$PWD;"
            + " (cd /; setsid env -i /bin/sh $own/escape $own/pid < /dev/null > /dev/null 2>&1 &);"
            + " while [ ! -s pid ]; do sleep 0.01; done; ";

    @Override
    NativeExecutor open(Duration grace) {
        return new NativeExecutor(grace, "auto");
    }

    @Test
    void saysWhereItsGroupsAre() throws IOException {
        assertThat(executor().probe().reason()).contains(groups().toString());
    }

    @Test
    void killsWhatLeftItsSessionItsEnvironmentAndItsParentsWhenTheMainProcessEnds() {
        var attempt = start(script(ESCAPE).build());

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SUCCESS);
        assertThat(ProcessHandle.of(Long.parseLong(attempt.file("pid").strip())))
                .isEmpty();
    }

    @Test
    void killsWhatLeftItsSessionItsEnvironmentAndItsParentsOnCancel() {
        var attempt = start(script(ESCAPE + "echo ready; sleep 1000").build());
        eventually(
                "it is ready",
                () -> Files.exists(attempt.stdout()) && attempt.output().contains("ready"));

        executor().cancel(attempt);

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.CANCELED);
        assertThat(ProcessHandle.of(Long.parseLong(attempt.file("pid").strip())))
                .isEmpty();
    }

    @Test
    void endsAlsoWhatATaskPutsIntoGroupsBelowItsOwn() throws IOException {
        var attempt = attempt(script(
                        "own=" + groups() + "/$MUSTER_TASK@1; until grep -q $$ $own/cgroup.procs; do sleep 0.01;"
                                + " done; mkdir $own/inner; sleep 1000 & echo $! > pid; echo $! > $own/inner/cgroup.procs")
                .build());

        executor().start(List.of(attempt), outcomes);

        assertThat(outcomes.awaitEnd(attempt).cause()).as(attempt.errors()).isEqualTo(Cause.SUCCESS);
        assertThat(ProcessHandle.of(Long.parseLong(attempt.file("pid").strip())))
                .isEmpty();
        assertThat(subfolders(groups())).isEmpty();
    }

    @Test
    void leavesNoGroupBehind() throws IOException {
        for (var i = 0; i < 50; i++) {
            run(script("sleep 0.01 &").build());
        }
        eventually("the groups of the attempts are gone", () -> subfolders(groups())
                .isEmpty());

        close();

        assertThat(groups()).doesNotExist();
    }

    private static Path groups() {
        try {
            return ControlGroups.own()
                    .resolve("muster-" + ProcessHandle.current().pid());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> subfolders(Path folder) {
        try (var entries = Files.list(folder)) {
            return entries.filter(Files::isDirectory).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
