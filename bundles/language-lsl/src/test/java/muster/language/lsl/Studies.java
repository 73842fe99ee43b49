package muster.language.lsl;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import muster.api.Capacity;
import muster.api.ClusterService;
import muster.api.Input;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.api.WorkerState;
import muster.api.WorkerView;
import muster.api.language.Content;
import muster.api.language.Made;
import muster.api.language.MissingSources;
import muster.api.language.Plan;
import muster.api.language.Script;
import muster.api.language.Sources;
import muster.api.study.ActionType;
import muster.language.lsl.action.Collect;
import muster.language.lsl.action.Command;
import muster.language.lsl.action.Container;
import muster.language.lsl.action.Export;
import muster.language.lsl.action.Filter;
import muster.language.lsl.action.Maven;
import muster.language.lsl.action.NoOp;
import muster.language.lsl.action.Partition;
import muster.language.lsl.action.Select;
import org.jspecify.annotations.Nullable;

/** The language with all its types of actions, and a user with some files. */
final class Studies {
    static final String CONTENT = "sha256:" + "0".repeat(64);

    final LslLanguage language = new LslLanguage();
    final Map<String, String> files = new HashMap<>();
    final Map<String, List<String>> folders = new HashMap<>();
    final Map<String, String> settings = new TreeMap<>();

    /** What earlier jobs made, by their ids. */
    final Map<JobId, List<Made>> earlier = new HashMap<>();

    private final Sources sources = new Sources() {
        @Override
        public List<Made> made(JobId job) {
            return Optional.ofNullable(earlier.get(job)).orElseThrow(() -> MusterException.notFound("no job " + job));
        }

        @Override
        public Optional<String> text(Content content) {
            return content.name().endsWith(".bin")
                    ? Optional.empty()
                    : Optional.of(content.name().length() + "\n");
        }

        @Override
        public String file(String path) {
            var text = files.get(path);
            if (text == null) {
                throw new MissingSources(Set.of(path), Set.of(), Set.of());
            }
            return text;
        }

        @Override
        public @Nullable String variable(String name) {
            return null;
        }

        @Override
        public List<Input> inputs(String path, String name) {
            var below = folders.get(path);
            if (below == null) {
                return path.endsWith("-not-sent") ? List.of() : List.of(new Input(name, CONTENT, false));
            }
            return below.stream()
                    .map(file -> new Input(name + "/" + file, CONTENT, false))
                    .toList();
        }
    };

    /** Of 8 and 4 cores; and of 64, but away. */
    private final ClusterService workers = (ClusterService) Proxy.newProxyInstance(
            ClusterService.class.getClassLoader(),
            new Class<?>[] {ClusterService.class},
            (proxy, method, arguments) -> {
                assertThat(method.getName()).isEqualTo("workers");
                return List.of(
                        worker("a", WorkerState.ONLINE, 8),
                        worker("b", WorkerState.LOST, 64),
                        worker("c", WorkerState.ONLINE, 4));
            });

    private static WorkerView worker(String id, WorkerState state, double cores) {
        var capacity = new Capacity(cores, 0, 0, List.of(), Map.of(), List.of());
        return new WorkerView(id, state, "", "", "", capacity, List.of(), 0, 0, 0, null, null, "");
    }

    Studies() {
        add("NoOp", new NoOp());
        add("Command", new Command());
        add("Container", new Container());
        add("Maven", new Maven());
        add("Select", new Select());
        add("Filter", new Filter());
        add("Partition", new Partition(workers));
        add("Collect", new Collect());
        add("Export", new Export());
    }

    void add(String name, ActionType type) {
        language.addType(type, Map.of(ActionType.NAME, name));
    }

    Plan compile(String text) {
        return language.compile(new Script("s.lsl", text, settings, Map.of(), sources));
    }

    /** What a study's actions come to. */
    Plan study(String actions) {
        return compile("study(name: 'test') {\n" + actions + "\n}\n");
    }

    List<TaskSpec> tasks(String actions) {
        return tasks(study(actions));
    }

    static List<TaskSpec> tasks(Plan plan) {
        return ((Work.Graph) plan.work()).tasks();
    }

    static TaskSpec named(List<TaskSpec> tasks, String name) {
        return tasks.stream()
                .filter(task -> task.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no task " + name + " among "
                        + tasks.stream().map(TaskSpec::name).toList()));
    }

    /** What an expression comes to, as text. Statements may stand before it. */
    String value(String statements, String expression) {
        var plan = compile(
                statements + "\nstudy(name: 'test') { action(name: 'a', type: 'Command') {\ncommand = ['show', \"${"
                        + expression + "}\"] } }");
        return new ArrayList<>(tasks(plan).get(0).command()).get(1);
    }
}
