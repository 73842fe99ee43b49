package muster.executor.process;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import muster.api.Cause;
import muster.api.Resources;
import muster.api.executor.ProgramRunner.Options;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The native executor where it holds processes in control groups: needs root and such groups mounted writable. */
@Tag("root")
abstract class NativeExecutorInGroupsContract extends NativeExecutorContract {
    static final int PROCESSES = 300;

    private static final String MINE = "/muster-" + ProcessHandle.current().pid() + "/";

    private static final String WAIT_FOR_GROUP = "until grep -q " + MINE + " /proc/self/cgroup; do sleep 0.01; done; ";

    /** Starts a process of which nothing but its group tells whose it is; it writes its id to the file pid. */
    private static final String ESCAPE = WAIT_FOR_GROUP
            + "echo 'echo $$ > $1; exec sleep 1000' > escape; own=$PWD;"
            + " (cd /; setsid env -i /bin/sh $own/escape $own/pid < /dev/null > /dev/null 2>&1 &);"
            + " while [ ! -s pid ]; do sleep 0.01; done; ";

    /** The group that this JVM is in, of the controller of processes where there are several. */
    abstract Path own() throws IOException;

    @Override
    Options options() {
        return new Options(NativeExecutor.KIND, OPTIONS.grace(), true, PROCESSES);
    }

    /** The rest of what can leak does so without groups too. */
    @Override
    protected int many() {
        return 200;
    }

    final Path groups() throws IOException {
        return own().resolve("muster-" + ProcessHandle.current().pid());
    }

    /** Sets own to the folder of the task's group, of the controller where there are several. */
    static String findGroup(Path parent, String controller) {
        return WAIT_FOR_GROUP + "own=" + parent + "/$(sed -n 's,^[0-9]*:" + controller + ":.*/\\(muster-.*\\),\\1,p'"
                + " /proc/self/cgroup); ";
    }

    static Resources reserving(double cores, long memoryBytes) {
        return new Resources(cores, memoryBytes, 0, 0, Map.of(), List.of());
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
        var attempt = start(script(findGroup(own(), controller())
                        + "mkdir $own/inner; sleep 1000 & echo $! > pid; echo $! > $own/inner/cgroup.procs")
                .build());

        assertThat(outcomes.awaitEnd(attempt).cause()).as(attempt.errors()).isEqualTo(Cause.SUCCESS);
        assertThat(ProcessHandle.of(Long.parseLong(attempt.file("pid").strip())))
                .isEmpty();
    }

    /** As lines of {@code /proc/PID/cgroup} name it; empty for version 2. */
    abstract String controller();

    @Test
    void leavesNoGroupBehind() throws IOException {
        for (var i = 0; i < 50; i++) {
            run(script("sleep 0.01 &").build());
        }

        close();

        assertThat(groups()).doesNotExist();
    }
}
