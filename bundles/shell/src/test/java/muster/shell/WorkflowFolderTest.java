package muster.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.ObjectService;
import muster.api.OutputView;
import muster.api.TaskId;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.api.language.Content;
import muster.api.language.Plan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkflowFolderTest {
    private static final String HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    private static final JobId JOB = JobId.parse("17");

    @TempDir
    private Path folder;

    @TempDir
    private Path store;

    private final Map<String, Path> stored = new HashMap<>();
    private final List<OutputView> made = new ArrayList<>();

    private final ObjectService objects = new ObjectService() {
        @Override
        public OptionalLong size(String object) {
            return stored.containsKey(object) ? OptionalLong.of(5) : OptionalLong.empty();
        }

        @Override
        public long uploaded(String object) {
            return 2;
        }

        @Override
        public void upload(String object, long offset, long bytes, InputStream in) throws IOException {
            var rest = new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            stored.put(object, Files.writeString(store.resolve("object"), offset + " of " + bytes + ": " + rest));
        }

        @Override
        public Path file(String object) {
            return stored.get(object);
        }

        @Override
        public List<OutputView> outputs(JobId job) {
            return made;
        }

        @Override
        public List<OutputView> outputs(TaskId task) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Transfer measure(String worker, long bytes) {
            throw new UnsupportedOperationException();
        }
    };

    private WorkflowFolder workflow() {
        return new WorkflowFolder(folder, objects);
    }

    private void made(int task, String name) {
        made.add(new OutputView(new TaskId(JOB, task), 1, name, HELLO, 5, true, true));
    }

    private static TaskSpec task(String name) {
        return TaskSpec.builder().name(name).command(List.of("true")).build();
    }

    private static Plan plan(Plan.Delivery... deliveries) {
        return new Plan(new Work.Graph(List.of(task("one"), task("two"))), List.of(), List.of(deliveries), Map.of());
    }

    @Test
    void uploadsWhatTheStoreHasNotAndGoesOnWhereItBrokeOff() throws IOException {
        Files.writeString(Files.createDirectories(folder.resolve("data/sub")).resolve("a"), "hello");

        assertThat(workflow().upload("data/sub/a")).containsExactly(new Content("", HELLO, false));
        assertThat(stored.get(HELLO)).hasContent("2 of 5: llo");
        assertThat(workflow().upload("data")).containsExactly(new Content("sub/a", HELLO, false));
        assertThatThrownBy(() -> workflow().upload("none"))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("takes 'none'");
    }

    @Test
    void bringsBackWhatThePlanPromises() throws IOException {
        stored.put(HELLO, Files.writeString(store.resolve("object"), "hello"));
        made(0, "run.sh");
        made(1, "out/x/y");
        made(1, "other");

        workflow()
                .bringBack(
                        plan(new Plan.Delivery("bin/run", "one", "run.sh"), new Plan.Delivery("all", "two", "out")),
                        JOB);

        assertThat(folder.resolve("bin/run")).hasContent("hello").isExecutable();
        assertThat(folder.resolve("all/x/y")).hasContent("hello");
        assertThat(folder.resolve("other")).doesNotExist();
    }

    @Test
    void writesNothingOutsideOfTheFolder() throws IOException {
        stored.put(HELLO, Files.writeString(store.resolve("object"), "hello"));
        made(0, "out/../../x");

        assertThatThrownBy(() -> workflow().bringBack(plan(new Plan.Delivery("out", "one", "out")), JOB))
                .isInstanceOf(MusterException.class)
                .hasMessageContaining("not a path below");
    }
}
