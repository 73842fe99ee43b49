package muster.api;

import static muster.api.Refusals.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TaskSpecTest {
    private static TaskSpec environment(Map<String, String> environment) {
        return TaskSpec.builder()
                .name("t")
                .command(List.of("true"))
                .environment(environment)
                .build();
    }

    private static TaskSpec files(
            @Nullable String folder, @Nullable String stdin, @Nullable String stdout, @Nullable String stderr) {
        return TaskSpec.builder()
                .name("t")
                .command(List.of("true"))
                .workingDirectory(folder)
                .stdin(stdin)
                .stdout(stdout)
                .stderr(stderr)
                .build();
    }

    private static TaskSpec bounded(@Nullable Duration timeLimit, int retries) {
        return TaskSpec.builder()
                .name("t")
                .command(List.of("true"))
                .timeLimit(timeLimit)
                .retries(retries)
                .build();
    }

    private static TaskSpec named(String name, String executor) {
        return TaskSpec.builder().name(name).executor(executor).build();
    }

    @Test
    void commandHasDefaultsForAllElse() {
        var task = TaskSpec.command("echo", "hi");
        assertThat(task.command()).containsExactly("echo", "hi");
        assertThat(task.executor()).isEqualTo(TaskSpec.DEFAULT_EXECUTOR);
        assertThat(task.resources()).isEqualTo(Resources.DEFAULT);
        assertThat(task.timeLimit()).isNull();
        assertThat(task.retries()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1a", "a b", "-x", "a/b", "a\nb"})
    void nameFollowsTheRules(String name) {
        assertInvalid(() -> named(name, "native"), "task name", "is not allowed");
        assertInvalid(() -> named("t", name), "executor", "is not allowed");
    }

    @Test
    void nameMayBeMissingButNotTheExecutor() {
        assertThat(named("", "native").name()).isEmpty();
        assertInvalid(() -> named("t", ""), "executor ''");
    }

    @Test
    void environmentHasNames() {
        assertThat(environment(Map.of("A", "", "B", "x=y\nz")).environment()).hasSize(2);
        assertInvalid(() -> environment(Map.of("", "x")), "environment variable ''", "must not be empty");
        assertInvalid(() -> environment(Map.of("A=B", "x")), "environment variable 'A=B'", "contain '='");
    }

    @Test
    void nothingThatAProcessSeesContainsNul() {
        assertInvalid(() -> TaskSpec.command("echo", "a\0b"), "command contains a NUL character", "remove it");
        assertInvalid(() -> environment(Map.of("A\0", "x")), "environment variable contains a NUL");
        assertInvalid(() -> environment(Map.of("A", "\0")), "environment variable 'A' contains a NUL");
        assertInvalid(() -> files("/a\0", null, null, null), "path contains a NUL");
        assertInvalid(() -> files(null, null, "a\0", null), "path contains a NUL");
    }

    @Test
    void workingDirectoryIsAbsolute() {
        assertThat(files("/data", "in", "out", "err").workingDirectory()).isEqualTo("/data");
        assertInvalid(
                () -> files("data", null, null, null), "working directory 'data' is not absolute", "starts with /");
        assertInvalid(() -> files("", null, null, null), "working directory ''");
    }

    @Test
    void filesHaveNames() {
        assertInvalid(() -> files(null, "", null, null), "task 't' is empty", "leave it out or name a file");
        assertInvalid(() -> files(null, null, "", null), "task 't' is empty");
        assertInvalid(() -> files(null, null, null, ""), "task 't' is empty");
    }

    @Test
    void timeLimitIsPositive() {
        assertThat(bounded(Duration.ofNanos(1), 0).timeLimit()).isEqualTo(Duration.ofNanos(1));
        assertInvalid(() -> bounded(Duration.ZERO, 0), "time limit 0s is not positive", "such as 90s");
        assertInvalid(() -> bounded(Duration.ofSeconds(-5), 0), "time limit -5s is not positive");
    }

    @Test
    void retriesAreBounded() {
        assertThat(bounded(null, 1000).retries()).isEqualTo(1000);
        assertInvalid(() -> bounded(null, -1), "retries -1 is outside 0 to 1000");
        assertInvalid(() -> bounded(null, 1001), "retries 1001 is outside 0 to 1000");
    }

    @Test
    void needIsNamedOnce() {
        assertInvalid(() -> WorkTest.task("t", "a", "b", "a"), "task 't' names a need twice", "[a, b, a]");
    }

    @Test
    void isAlikeToThoseOfItsCategoryElseToThoseWhoseNamesDifferInNumbers() {
        assertThat(WorkTest.task("day-007.grid").categoryName()).isEqualTo("day-#.grid");
        assertThat(WorkTest.task("day-7").toBuilder().category("a day").build().categoryName())
                .isEqualTo("a day");
        assertThat(TaskSpec.command("true").categoryName()).isEqualTo("tasks");
        assertThat(WorkTest.task("t").toBuilder()
                        .category("c")
                        .inputs(List.of())
                        .outputs(List.of())
                        .build()
                        .category())
                .isEqualTo("c");
        assertInvalid(
                () -> WorkTest.task("t").toBuilder().category("a\nb").build(), "category 'a\\u000ab' is not allowed");
    }

    @Test
    void keepsItsOwnCopy() {
        var command = new ArrayList<>(List.of("true"));
        var environment = new HashMap<>(Map.of("A", "b"));
        var task = TaskSpec.command(command);
        var other = environment(environment);
        command.add("x");
        environment.clear();
        assertThat(task.command()).containsExactly("true");
        assertThat(other.environment()).containsEntry("A", "b");
    }
}
