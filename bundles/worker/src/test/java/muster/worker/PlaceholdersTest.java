package muster.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import muster.api.TaskSpec;
import org.junit.jupiter.api.Test;

class PlaceholdersTest {
    @Test
    void fillsTheItemInEverywhere() {
        var task = Placeholders.fill(
                task(
                        List.of("sort", "{item}", "-o{item}.out", "{items}"),
                        Map.of("FILE", "<{item}>"),
                        "/data/{item}",
                        "in/{item}",
                        "out/{item}"),
                Tasks.attempt(17, 3, 2),
                "a b");

        assertThat(task.command()).containsExactly("sort", "a b", "-oa b.out", "{items}");
        assertThat(task.environment()).containsEntry("FILE", "<a b>");
        assertThat(task.workingDirectory()).isEqualTo("/data/a b");
        assertThat(task.stdin()).isEqualTo("in/a b");
        assertThat(task.stdout()).isEqualTo("out/a b");
    }

    @Test
    void fillsThePatternsInPathsAlone() {
        var task = Placeholders.fill(
                task(List.of("date", "+%j"), Map.of("FORMAT", "%i"), "/data/%j", "in-%i", "%j/%t/%n-%i@%a-100%%-%x-%"),
                Tasks.attempt(17, 3, 2),
                null);

        assertThat(task.command()).containsExactly("date", "+%j");
        assertThat(task.environment()).containsEntry("FORMAT", "%i");
        assertThat(task.workingDirectory()).isEqualTo("/data/%j");
        assertThat(task.stdin()).isEqualTo("in-3");
        assertThat(task.stdout()).isEqualTo("17/17.3/day-3@2-100%-%x-%");
    }

    @Test
    void doesNotLookForPlaceholdersInAnItem() {
        var task = Placeholders.fill(
                task(List.of("{item}"), Map.of(), null, null, "{item}.txt"), Tasks.attempt(17, 3, 1), "%i$1\\{item}");

        assertThat(task.command()).containsExactly("%i$1\\{item}");
        assertThat(task.stdout()).isEqualTo("%i$1\\{item}.txt");
    }

    @Test
    void leavesTheItemAsItIsWhereThereAreNone() {
        var task = Placeholders.fill(
                task(List.of("{item}"), Map.of(), null, null, "{item}-%i"), Tasks.attempt(17, 3, 1), null);

        assertThat(task.command()).containsExactly("{item}");
        assertThat(task.stdout()).isEqualTo("{item}-3");
    }

    @Test
    void knowsWhetherThereIsAnythingToFill() {
        var plain = task(List.of("true"), Map.of("A", "b"), "/data", "in", "out");
        var item = task(List.of("{item}"), Map.of(), null, null, null);
        var pattern = task(List.of("true"), Map.of(), null, null, "%i");

        assertThat(Placeholders.in(plain, true)).isFalse();
        assertThat(Placeholders.in(item, true)).isTrue();
        assertThat(Placeholders.in(item, false)).isFalse();
        assertThat(Placeholders.in(pattern, false)).isTrue();
    }

    private static TaskSpec task(
            List<String> command,
            Map<String, String> environment,
            String workingDirectory,
            String stdin,
            String stdout) {
        return TaskSpec.builder()
                .name("day")
                .executor(Tasks.KIND)
                .command(command)
                .environment(environment)
                .workingDirectory(workingDirectory)
                .stdin(stdin)
                .stdout(stdout)
                .build();
    }
}
