package muster.api.executor;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import muster.api.Parameters;
import muster.api.Resources;
import muster.api.TaskSpec;

/** Builds the specification of a task for a test. */
public final class TestTask {
    private final String executor;
    private final List<String> command;
    private final Map<String, String> environment = new LinkedHashMap<>();
    private Parameters parameters = Parameters.NONE;
    private String workingDirectory;
    private String stdin;
    private String stdout;
    private String stderr;
    private Duration timeLimit;
    private Resources resources = Resources.DEFAULT;

    private TestTask(String executor, List<String> command) {
        this.executor = executor;
        this.command = command;
    }

    public static TestTask of(String executor, String... command) {
        return new TestTask(executor, List.of(command));
    }

    public TestTask parameters(Parameters value) {
        parameters = value;
        return this;
    }

    public TestTask environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    public TestTask workingDirectory(String path) {
        workingDirectory = path;
        return this;
    }

    public TestTask stdin(String path) {
        stdin = path;
        return this;
    }

    public TestTask stdout(String path) {
        stdout = path;
        return this;
    }

    public TestTask stderr(String path) {
        stderr = path;
        return this;
    }

    public TestTask timeLimit(Duration limit) {
        timeLimit = limit;
        return this;
    }

    public TestTask resources(Resources value) {
        resources = value;
        return this;
    }

    public TaskSpec build() {
        return new TaskSpec(
                "",
                executor,
                command,
                parameters,
                environment,
                workingDirectory,
                stdin,
                stdout,
                stderr,
                resources,
                timeLimit,
                0,
                List.of());
    }
}
