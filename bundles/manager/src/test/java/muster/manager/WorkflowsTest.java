package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import muster.api.Input;
import muster.api.JobId;
import muster.api.JobQuery;
import muster.api.JobSpec;
import muster.api.MusterException;
import muster.api.ObjectService;
import muster.api.Output;
import muster.api.OutputView;
import muster.api.Secret;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.api.language.Content;
import muster.api.language.Language;
import muster.api.language.Made;
import muster.api.language.MissingSources;
import muster.api.language.Plan;
import muster.api.language.Script;
import muster.api.language.WorkflowRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Version;

class WorkflowsTest {
    private static final String OBJECT = "sha256:" + "0".repeat(64);

    private final TestCluster cluster;
    private final Workflows workflows;
    private final Languages languages = new Languages();

    /**
     * A command a line, of which the first is run; {@code @file} is another script, {@code $NAME} a variable, {@code <file}
     * an input, {@code !NAME} relies on a secret.
     */
    private final Language language = new Language() {
        @Override
        public List<String> suffixes() {
            return List.of(".lines");
        }

        @Override
        public Optional<String> schema() {
            return Optional.of("{}");
        }

        @Override
        public Plan compile(Script script) {
            var text = script.text();
            if (text.startsWith("@")) {
                text = script.sources().file(text.substring(1));
            } else if (text.startsWith("$")) {
                text = Objects.requireNonNullElse(script.sources().variable(text.substring(1)), "none");
            }
            var task = TaskSpec.command(text);
            if (text.startsWith("<")) {
                task = task.toBuilder()
                        .inputs(script.sources().inputs(text.substring(1), "in"))
                        .outputs(List.of())
                        .build();
            }
            var secrets = text.startsWith("!")
                    ? List.of(new Secret(text.substring(1), Secret.Place.FILE, null))
                    : List.<Secret>of();
            return new Plan(new Work.Single(task), List.of(), List.of(), Map.of(), secrets);
        }
    };

    WorkflowsTest(@TempDir Path folder) throws IOException {
        cluster = new TestCluster(folder);
        var file = Files.writeString(folder.resolve("object"), "42\n");
        var image = Files.write(folder.resolve("image"), new byte[] {(byte) 0x89, 'P'});
        var objects = (ObjectService) Proxy.newProxyInstance(
                ObjectService.class.getClassLoader(),
                new Class<?>[] {ObjectService.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "outputs" ->
                        List.of(
                                new OutputView(new TaskId((JobId) arguments[0], 0), 1, "n", OBJECT, 3, false, true),
                                new OutputView(new TaskId((JobId) arguments[0], 0), 1, "far", OBJECT, 3, false, false));
                    case "file" -> arguments[0].equals(OBJECT) ? file : image;
                    default -> throw new AssertionError(method);
                });
        workflows = new Workflows(cluster.jobs, objects, languages);
    }

    @Test
    void tellsWhatAnEarlierJobOfTheOwnerHasMade() {
        cluster.worker("w1", 2).automatic();
        var one = TaskSpec.builder()
                .command(List.of("x"))
                .outputs(List.of(Output.of("n")))
                .build();
        var work = new Work.Graph(List.of(named("one", one), named("two", one)));
        var id = cluster.jobs.submit(JobSpec.of("", work), "ann", null);
        cluster.jobs.ended(id).toCompletableFuture().join();
        var asked = new ArrayList<Made>();
        languages.add("asking", Version.emptyVersion, new Asking(asked));

        workflows.compile(request("a.ask", id.toString(), Map.of(), Map.of(), Set.of()), "ann");

        assertThat(asked)
                .containsExactly(
                        new Made(work.tasks().get(0), List.of(new Content("n", OBJECT, false))),
                        new Made(work.tasks().get(1), List.of()));
        assertThatThrownBy(
                        () -> workflows.compile(request("a.ask", id.toString(), Map.of(), Map.of(), Set.of()), "bob"))
                .hasMessage("'bob' has no workflow of the id " + id);
    }

    private static TaskSpec named(String name, TaskSpec task) {
        return task.toBuilder().name(name).build();
    }

    /** A script is the id of a job, of which it asks what it made. */
    private record Asking(List<Made> asked) implements Language {
        @Override
        public List<String> suffixes() {
            return List.of(".ask");
        }

        @Override
        public Plan compile(Script script) {
            asked.addAll(script.sources().made(JobId.parse(script.text())));
            assertThat(script.sources().text(new Content("n", OBJECT, false))).hasValue("42\n");
            assertThat(script.sources().text(new Content("n", "image", false))).isEmpty();
            return new Plan(new Work.Single(TaskSpec.command("x")), List.of(), List.of(), Map.of());
        }
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private static WorkflowRequest request(
            String file, String text, Map<String, String> files, Map<String, String> variables, Set<String> undefined) {
        return new WorkflowRequest(
                "", file, text, Map.of(), Map.of(), files, variables, undefined, Map.of(), "", List.of(), 0, true,
                null);
    }

    @Test
    void languagesComeAndGo() {
        assertThatThrownBy(() -> workflows.compile(request("a.lines", "x", Map.of(), Map.of(), Set.of()), "ann"))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("install its feature");

        languages.add("lines", Version.emptyVersion, language);
        assertThat(workflows.languages()).containsExactly("lines");
        assertThatThrownBy(() -> workflows.compile(request("a.other", "x", Map.of(), Map.of(), Set.of()), "ann"))
                .hasMessageContaining("known are lines (.lines)");
        assertThat(workflows.schema("lines")).isEqualTo("{}");
        assertThatThrownBy(() -> workflows.schema("other")).hasMessageContaining("known are lines (.lines)");

        languages.remove("lines", language);
        assertThat(workflows.languages()).isEmpty();
    }

    @Test
    void submitsTheJobUnderTheNameOfTheFile() {
        languages.add("lines", Version.emptyVersion, language);

        var id = workflows.run(request("dir/a.lines", "true", Map.of(), Map.of(), Set.of()), "ann", null);

        assertThat(cluster.jobs.job(id).name()).isEqualTo("a.lines");
        assertThat(cluster.jobs.spec(id).work())
                .isEqualTo(JobSpec.command(List.of("true")).work());
    }

    @Test
    void asksForWhatWasNotSent() {
        languages.add("lines", Version.emptyVersion, language);

        assertThatThrownBy(() -> workflows.compile(request("a.lines", "@b", Map.of(), Map.of(), Set.of()), "ann"))
                .isInstanceOfSatisfying(MissingSources.class, missing -> assertThat(missing.files())
                        .containsExactly("b"));
        assertThatThrownBy(() -> workflows.compile(request("a.lines", "$V", Map.of(), Map.of(), Set.of()), "ann"))
                .isInstanceOfSatisfying(MissingSources.class, missing -> assertThat(missing.variables())
                        .containsExactly("V"));
        assertThat(workflows
                        .compile(request("a.lines", "@b", Map.of("b", "x"), Map.of(), Set.of()), "ann")
                        .work())
                .isEqualTo(JobSpec.command(List.of("x")).work());
        assertThat(workflows
                        .compile(request("a.lines", "$V", Map.of(), Map.of(), Set.of("V")), "ann")
                        .work())
                .isEqualTo(JobSpec.command(List.of("none")).work());
    }

    @Test
    void asksForWhatTasksTakeOnceTheScriptIsToRun() {
        languages.add("lines", Version.emptyVersion, language);
        var bare = request("a.lines", "<data", Map.of(), Map.of(), Set.of());

        assertThat(workflows.compile(bare, "ann").work().size()).isEqualTo(1);
        assertThatThrownBy(() -> workflows.run(bare, "ann", null))
                .isInstanceOfSatisfying(MissingSources.class, missing -> assertThat(missing.contents())
                        .containsExactly("data"));
        assertThat(cluster.jobs
                        .jobs(new JobQuery(Set.of(), null, null, null, null, 10))
                        .items())
                .isEmpty();
    }

    @Test
    void givesItsTasksTheSecretsThatCameAndRunsNothingWithoutThoseItReliesOn() {
        languages.add("lines", Version.emptyVersion, language);
        var secret = new Secret("KEY", Secret.Place.FILE, new byte[] {1});

        assertThatThrownBy(() -> workflows.run(with("!KEY", List.of()), "ann", null))
                .isInstanceOf(MusterException.class)
                .hasMessage(
                        "the script relies on secret 'KEY', which did not come; give it by --secret-file KEY=@FILE");
        assertThatThrownBy(() -> workflows.run(
                        with("!KEY", List.of(new Secret("KEY", Secret.Place.ENVIRONMENT, new byte[] {65}))),
                        "ann",
                        null))
                .hasMessageContaining("which came as environment; give it by --secret-file");
        for (var text : List.of("!KEY", "true")) {
            var id = workflows.run(with(text, List.of(secret)), "ann", null);
            assertThat(cluster.jobs.spec(id).secrets()).containsExactly(secret.named());
        }
    }

    private static WorkflowRequest with(String text, List<Secret> secrets) {
        return new WorkflowRequest(
                "", "a.lines", text, Map.of(), Map.of(), Map.of(), Map.of(), Set.of(), Map.of(), "", List.of(), 0, true,
                null, false, secrets);
    }

    @Test
    void putsAFolderThatWasUploadedIntoTheWorkspaceFileByFile() {
        languages.add("lines", Version.emptyVersion, language);
        var object = "sha256:" + "0".repeat(64);
        var request = new WorkflowRequest(
                "",
                "a.lines",
                "<data",
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Set.of(),
                Map.of("data", List.of(new Content("x", object, false), new Content("y/z", object, true))),
                "",
                List.of(),
                0,
                true,
                3,
                true,
                List.of());

        var id = workflows.run(request, "ann", null);
        var work = cluster.jobs.spec(id).work();
        assertThat(cluster.jobs.spec(id).maxFails()).isEqualTo(3);
        assertThat(((Work.Single) work).task().mayFail()).isTrue();

        assertThat(((Work.Single) work).task().inputs())
                .containsExactly(new Input("in/x", object, false), new Input("in/y/z", object, true));
    }
}
