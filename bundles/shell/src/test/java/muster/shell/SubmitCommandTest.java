package muster.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import muster.api.Caller;
import muster.api.Deed;
import muster.api.IndexSet;
import muster.api.JobId;
import muster.api.JobSpec;
import muster.api.Resources;
import muster.api.Role;
import muster.api.TaskSpec;
import muster.api.Work;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SubmitCommandTest {
    private final FakeJobs jobs = new FakeJobs();
    private final List<Deed> deeds = new ArrayList<>();
    private final Output output = new Output();
    private final SubmitCommand command = new SubmitCommand();

    @BeforeEach
    void submitTrue() {
        command.jobs = jobs;
        command.audit = deeds::add;
        command.command = List.of("true");
    }

    @Test
    void submitsACommandWithDefaultsForTheUserOfTheConsole() throws Exception {
        assertThat(command.run(output.plain())).isEqualTo(new JobId(1));

        assertThat(jobs.submitted).containsExactly(JobSpec.command(List.of("true")));
        assertThat(jobs.calls).containsExactly("submit by ann");
        assertThat(deeds)
                .containsExactly(new Deed(new Caller("ann", Role.ADMIN, ""), "console", "submitJob", "1", 200));
    }

    @Test
    void handsOnEveryOption() {
        command.name = "n";
        command.tags = List.of("a", "b");
        command.priority = 5;
        command.cores = 0.5;
        command.memory = "8GiB";
        command.disk = "1k";
        command.gpus = 1;
        command.labels = List.of("ssd", "!slow");
        command.timeLimit = "90s";
        command.retries = 2;
        command.maxFails = 3;
        command.mayFail = true;
        command.environment = List.of("A=b=c", "E=");
        command.workingDirectory = "/work";
        command.stdin = "in";
        command.stdout = "out-%i";
        command.stderr = "err-%i";
        command.executor = "noop";
        command.array = "0-99%10";

        var task = TaskSpec.builder()
                .executor("noop")
                .command(List.of("true"))
                .environment(Map.of("A", "b=c", "E", ""))
                .workingDirectory("/work")
                .stdin("in")
                .stdout("out-%i")
                .stderr("err-%i")
                .resources(new Resources(0.5, 8L << 30, 1024, 1, Map.of(), List.of("ssd", "!slow")))
                .timeLimit(Duration.ofSeconds(90))
                .retries(2)
                .mayFail(true)
                .build();
        assertThat(command.spec())
                .isEqualTo(new JobSpec(
                        "n",
                        List.of("a", "b"),
                        5,
                        List.of(),
                        3,
                        new Work.Array(task, IndexSet.range(0, 99), null, 10)));
    }

    @Test
    void refusesAThrottleThatIsNoNumber() {
        command.array = "0-9%x";
        assertThatThrownBy(command::spec)
                .hasMessage(
                        "'x' after % in array '0-9%x' is not a number; write how many tasks may run at once, such as"
                                + " 0-99%10");
    }

    @Test
    void refusesAVariableWithoutName() {
        command.environment = List.of("=x");
        assertThatThrownBy(command::spec).hasMessage("--env '=x' has no name; write NAME=VALUE");
    }

    @Test
    void refusesMemoryThatIsNoQuantity() {
        command.memory = "-1G";
        assertThatThrownBy(command::spec).hasMessageContaining("'-1G' is not an amount of bytes");
    }

    @Test
    void waitsForTheEndIfAsked() throws Exception {
        command.wait = true;
        assertThat(command.run(output.plain())).isNull();
        assertThat(output.lines()).containsExactly("1", "job 1 succeeded: 1 task in 1m1s");
    }
}
