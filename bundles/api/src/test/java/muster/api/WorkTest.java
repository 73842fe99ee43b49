package muster.api;

import static muster.api.Refusals.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WorkTest {
    static TaskSpec task(String name, String... needs) {
        return TaskSpec.builder()
                .name(name)
                .command(List.of("true"))
                .needs(List.of(needs))
                .build();
    }

    private static Work.Graph graph(TaskSpec... tasks) {
        return new Work.Graph(List.of(tasks));
    }

    @Test
    void sizeIsTheNumberOfTasks() {
        assertThat(new Work.Single(task("")).size()).isEqualTo(1);
        assertThat(new Work.Array(task(""), IndexSet.parse("5-9,20"), null, 0).size())
                .isEqualTo(6);
        assertThat(graph(task("a"), task("b", "a")).size()).isEqualTo(2);
    }

    private static TaskSpec in(String session, long memoryBytes, String name, List<String> makes, String... takes) {
        return task(name).toBuilder()
                .session(new SessionSpec(session, memoryBytes, makes, List.of(takes)))
                .build();
    }

    @Test
    void takesOfASessionAreMadeInThatSession() {
        var graph = graph(in("s", 1, "a", List.of("o")), in("s", 1, "b", List.of(), "a/o"));
        assertThat(graph.tasks().get(1).needs()).containsExactly("a");

        assertInvalid(
                () -> graph(in("s", 1, "a", List.of("o")), in("t", 1, "b", List.of(), "a/o")),
                "task 'b' takes 'a/o', which no task of that name makes in session 't' of executor 'native'; correct the"
                        + " name, or pass it as a file");
        assertInvalid(
                () -> graph(in("s", 1, "a", List.of("o")), in("s", 1, "b", List.of("o"))),
                "tasks 'a' and 'b' both make session object 'o'; name each differently");
        assertInvalid(
                () -> graph(in("s", 1, "a", List.of()), in("s", 2, "b", List.of())),
                "tasks 'a' and 'b' reserve different memory for session 's'; write the same");
        assertInvalid(
                () -> new Work.Single(in("s", 1, "a", List.of("o"))),
                "a task outside a graph makes the session objects [o], which no other task can take; submit a graph");
    }

    @Test
    void graphMayListTasksInAnyOrderAndJoinThemInAnyWay() {
        assertThat(graph(task("d", "b", "c"), task("b", "a"), task("c", "a"), task("a"), task("alone"))
                        .tasks())
                .extracting(TaskSpec::name)
                .containsExactly("d", "b", "c", "a", "alone");
    }

    @Test
    void cycleIsNamedWithTheWayAround() {
        assertInvalid(
                () -> graph(task("a", "b"), task("b", "c"), task("c", "a")),
                "a needs b needs c needs a",
                "remove one of these needs");
        assertInvalid(() -> graph(task("x"), task("self", "x", "self")), ": self needs self;");
    }

    @Test
    void cycleIsNamedWithoutWhatOnlyLeadsToIt() {
        assertInvalid(
                () -> graph(task("after", "a"), task("free"), task("a", "free", "b"), task("b", "a")),
                "cycle: a needs b needs a;");
    }

    @Test
    void unknownNeedIsNamedWithItsTask() {
        assertInvalid(
                () -> graph(task("a"), task("b", "a", "ghost")),
                "task 'b' needs 'ghost'",
                "correct the name or add the task");
    }

    @Test
    void namesInAGraphAreUniqueAndGiven() {
        assertInvalid(() -> graph(task("a"), task("b"), task("a")), "two tasks of the graph are named 'a'");
        assertInvalid(() -> graph(task("a"), task("")), "task 1 of the graph has no name", "name every task");
        assertInvalid(() -> graph(), "a graph has no tasks");
    }

    @Test
    void graphOfAHundredThousandTasksIsChecked() {
        var random = new Random(1);
        var tasks = new ArrayList<TaskSpec>();
        for (var i = 0; i < 100_000; i++) {
            tasks.add(
                    i == 0
                            ? task("t0")
                            : task("t" + i, "t" + (i - 1), i % 2 == 0 ? "t" + random.nextInt(i / 2) : "t0x"));
            if (i == 0) {
                tasks.add(task("t0x"));
            }
        }
        assertThat(new Work.Graph(tasks).size()).isEqualTo(100_001);
    }

    /** Neither the time to find it nor the message grows beyond measure. */
    @Test
    void longCycleIsNamedInShort() {
        var tasks = IntStream.range(0, 100_000)
                .mapToObj(i -> task("t" + i, "t" + (i + 1) % 100_000))
                .toList();
        assertThatThrownBy(() -> new Work.Graph(tasks))
                .hasMessageContaining("t0 needs t1 needs t2")
                .hasMessageContaining("99999 needs t0;")
                .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(1000));
    }

    @Test
    void needsBelongInAGraph() {
        assertInvalid(() -> new Work.Single(task("a", "b")), "needs [b]", "submit a graph");
        assertInvalid(() -> new Work.Array(task("a", "b"), IndexSet.range(0, 1), null, 0), "submit a graph");
    }

    @Test
    void throttleIsNotNegative() {
        assertInvalid(
                () -> new Work.Array(task(""), IndexSet.range(0, 1), null, -1), "throttle -1", "write 0 for none");
    }

    @Test
    void itemsHaveTheIndicesFromZeroOn() {
        var items = List.of("a", "b", "c");
        assertThat(new Work.Array(task(""), IndexSet.range(0, 2), items, 0).items())
                .isEqualTo(items);
        for (var wrong : List.of("1-3", "0-3", "0-1", "0-4:2", "0,2-3")) {
            assertInvalid(
                    () -> new Work.Array(task(""), IndexSet.parse(wrong), items, 0),
                    "3 items",
                    "give items or indices");
        }
        assertInvalid(() -> new Work.Array(task(""), IndexSet.range(0, 0), List.of(), 0), "0 items");
    }

    @Test
    void keepsItsOwnCopy() {
        var items = new ArrayList<>(List.of("a", "b"));
        var array = new Work.Array(task(""), IndexSet.range(0, 1), items, 0);
        var tasks = new ArrayList<>(List.of(task("a")));
        var graph = new Work.Graph(tasks);
        items.clear();
        tasks.clear();
        assertThat(array.items()).containsExactly("a", "b");
        assertThat(graph.tasks()).hasSize(1);
    }
}
