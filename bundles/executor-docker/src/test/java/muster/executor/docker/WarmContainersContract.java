package muster.executor.docker;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import muster.api.Cause;
import muster.api.Parameters;
import muster.api.Resources;
import muster.api.SessionSpec;
import muster.api.TaskSpec;
import muster.api.executor.Session;
import muster.api.executor.TestSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the docker executor owes when its containers are kept warm: all the same, and more. */
abstract class WarmContainersContract extends DockerExecutorContract {
    private Session session;

    @Override
    protected Session session() {
        if (session == null) {
            session = new TestSession(DockerExecutor.KIND, folder);
        }
        return session;
    }

    @AfterEach
    void closeSession() {
        executor().close(session());
        eventually("all containers are removed", () -> containers() == 0);
    }

    @Test
    void runsTasksOneAfterTheOtherInOneContainer() {
        var first = hostname(script("hostname"));
        var second = hostname(script("hostname"));

        assertThat(first).isNotEmpty().isEqualTo(second);
        assertThat(containers()).isEqualTo(1);
    }

    @Test
    void runsTasksOfOneTimeInContainersOfTheirOwnAndKeepsNoMore() {
        var attempts = List.of(
                start(script("hostname; sleep 1").build()),
                start(script("hostname; sleep 1").build()));
        attempts.forEach(outcomes::awaitEnd);

        var names = new HashSet<String>();
        attempts.forEach(attempt -> names.add(attempt.output()));
        assertThat(names).hasSize(2);
        assertThat(containers()).isEqualTo(2);
        assertThat(names).contains(hostname(script("hostname")));
        assertThat(containers()).isEqualTo(2);
    }

    @Test
    void takesAnotherContainerForWhatAsksOtherLimits() {
        var small = script("hostname").resources(new Resources(1, 64 << 20, 0, 0, Map.of(), List.of()));
        var large = script("hostname").resources(new Resources(2, 64 << 20, 0, 0, Map.of(), List.of()));

        assertThat(hostname(small)).isNotEqualTo(hostname(large));
        eventually("the one that nobody asks for goes", () -> containers() == 1);
    }

    @Test
    void removesAContainerInWhichATaskFailedOrWasStoppedOrLeftSomething() {
        var names = new HashSet<String>();
        names.add(hostname(script("hostname; exit 3")));
        names.add(hostname(script("hostname; sleep 1000").timeLimit(Duration.ofMillis(500))));
        names.add(hostname(script("hostname; sleep 1000 > /dev/null 2>&1 &")));
        names.add(hostname(script("hostname")));

        assertThat(names).hasSize(4);
        assertThat(containers()).isEqualTo(1);
    }

    @Test
    void removesAContainerInWhichMemoryRanOutThoughTheTaskSucceeded() {
        var limited = new Resources(1, 32 << 20, 0, 0, Map.of(), List.of());
        var exceeding = "hostname; head -c 200000000 /dev/zero | tail -c 200000000 > /dev/null; true";

        assertThat(hostname(script(exceeding).resources(limited)))
                .isNotEqualTo(hostname(script("hostname").resources(limited)));
    }

    @Test
    void takesAnotherContainerWhenOneEndedBetweenTasks() throws Exception {
        var first = hostname(script("hostname"));
        daemon().kill(daemon().ids().get(0));
        var second = hostname(script("hostname"));
        daemon().remove(daemon().ids().get(0));
        var third = hostname(script("hostname"));

        assertThat(List.of(first, second, third)).doesNotHaveDuplicates();
        assertThat(containers()).isEqualTo(1);
    }

    @Test
    void endsWithItsContainer() throws Exception {
        var attempt = start(script("echo runs; sleep 1000").build());
        eventually(
                "it runs",
                () -> Files.exists(attempt.stdout()) && attempt.output().equals("runs\n"));

        daemon().kill(daemon().ids().get(0));

        assertThat(outcomes.awaitEnd(attempt).cause()).isEqualTo(Cause.SIGNAL);
        assertThat(outcomes.awaitEnd(attempt).signal()).isEqualTo(9);
    }

    @Test
    void removesAllContainersWithTheSession() {
        outcomes.awaitEnd(start(script("true").build()));
        assertThat(containers()).isEqualTo(1);

        executor().close(session());

        assertThat(containers()).isZero();
    }

    @Test
    void tellsWhatTheTaskUsedAndNotThoseBeforeIt() {
        var busy = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
        var first = run(script(busy).build()).usage();
        var second = run(script("true").build()).usage();

        assertThat(first.cpu()).isGreaterThan(Duration.ofMillis(100));
        assertThat(second.cpu()).isLessThan(first.cpu());
    }

    @Test
    void seesWorkspacesOfItsSessionAndNothingElseOfThisMachine() throws Exception {
        var other = attempt(command("true").build());
        Files.writeString(other.workingDirectory().resolve("file"), "of another\n");
        var outside = Files.createTempFile("outside", ".txt");
        try {
            var seeing = start(script("cat " + other.workingDirectory() + "/file; cat " + outside)
                    .build());

            assertThat(outcomes.awaitEnd(seeing).cause()).isEqualTo(Cause.EXIT_CODE);
            assertThat(seeing.output()).isEqualTo("of another\n");
        } finally {
            Files.delete(outside);
        }
    }

    @Test
    void keepsNoObjects() {
        var outcome = run(command("true")
                .session(new SessionSpec("model", 0, List.of("a"), List.of()))
                .build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("keeps containers warm").contains("'makes'");
    }

    @Test
    void refusesAnImageWithoutAShell() throws Exception {
        var outcome = run(command("/bin/busybox", "true")
                .parameters(new Parameters(Map.of("image", daemon().loadBare())))
                .build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("no shell 'sh'").contains("leave 'session' out");
        assertThat(containers()).isZero();
    }

    /** Its containers start before the task. */
    @Test
    @Override
    void runsWhatTheImageStartsWhenAsked() {
        var outcome = run(command("sh", "-c", "echo own")
                .parameters(with(Map.of("entrypoint", true)))
                .build());

        assertThat(outcome.cause()).isEqualTo(Cause.INVALID);
        assertThat(outcome.message()).contains("'entrypoint'").contains("leave 'session' out");
    }

    private String hostname(TaskSpec.Builder task) {
        var attempt = start(task.build());
        outcomes.awaitEnd(attempt);
        return attempt.output();
    }
}
