package muster.cli;

import static org.assertj.core.api.Assertions.assertThat;

import muster.cli.client.FakeManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TaskShellTest {
    private final FakeManager manager = new FakeManager();

    @AfterEach
    void close() {
        manager.close();
    }

    private Run run(String... arguments) {
        return Run.of(manager.environment(), arguments);
    }

    @Test
    void theScriptOfATaskFetchesItsInputsAndRunsItsCommand() {
        manager.on(
                "GET /tasks/17.sum",
                200,
                "{\"id\":\"17.1\",\"name\":\"sum\",\"state\":\"failed\",\"item\":null,\"attempts\":[{\"worker\":\"w2\","
                        + "\"exitCode\":3,\"cause\":\"exit_code\",\"message\":\"\"}]}");
        manager.on(
                "GET /jobs/17/spec",
                200,
                "{\"graph\":{\"tasks\":[{\"name\":\"cut\"},{\"name\":\"sum\",\"command\":[\"/bin/sh\",\"-ec\",\"echo 'it' $HOME\"],"
                        + "\"environment\":{\"A\":\"b c\"},\"inputs\":["
                        + "{\"name\":\"in/a 1\",\"from\":\"task:cut/out%%1\"},"
                        + "{\"name\":\"tool\",\"from\":\"sha256:00\",\"executable\":true},"
                        + "{\"name\":\"big\",\"from\":\"file:/data/big\"}]}]},"
                        + "\"secrets\":[{\"name\":\"PASSWORD\"},{\"name\":\"key\",\"as\":\"file\"}]}");

        assertThat(run("task", "shell", "17.sum").out()).isEqualTo("""
                #!/bin/sh
                # Runs task 17.1 'sum' alone, here, without the limits that a worker sets.
                # task 17.1 'sum' on w2: exit code 3
                set -e
                : "${MUSTER_SECRETS:?set and export it: a folder with secrets of the job}"
                : "${PASSWORD:?set and export it: a secret of the job}"
                mkdir -p task-17.1 && cd task-17.1
                mkdir -p in
                muster cp muster:17.cut/out%1 'in/a 1'
                muster cp muster:sha256:00 tool
                chmod +x tool
                ln -sfn /data/big big
                export MUSTER_JOB=17
                export MUSTER_TASK=17.1
                export MUSTER_INDEX=1
                export MUSTER_CORES=1
                export 'A=b c'
                /bin/sh -ec 'echo '\\''it'\\'' $HOME'
                """);
    }

    @Test
    void aTaskWithAnImageRunsInAContainer() {
        manager.on(
                "GET /tasks/17.3",
                200,
                "{\"id\":\"17.3\",\"name\":\"\",\"state\":\"succeeded\",\"item\":\"x y\",\"attempts\":[]}");
        manager.on(
                "GET /jobs/17/spec",
                200,
                "{\"array\":{\"task\":{\"command\":[\"wc\",\"{item}\"],\"parameters\":{\"image\":\"debian:12\"}}}}");

        assertThat(run("task", "shell", "17.3").out())
                .endsWith("docker run --rm -v \"$PWD:$PWD\" -w \"$PWD\" -e MUSTER_CORES=1 -e MUSTER_INDEX=3"
                        + " -e 'MUSTER_ITEM=x y' -e MUSTER_JOB=17 -e MUSTER_TASK=17.3 debian:12 wc 'x y'\n");
    }

    @Test
    void aTaskOfApptainerRunsByIt() {
        manager.on(
                "GET /tasks/17.1",
                200,
                "{\"id\":\"17.1\",\"name\":\"\",\"state\":\"succeeded\",\"item\":null,\"attempts\":[]}");
        manager.on(
                "GET /jobs/17/spec",
                200,
                "{\"array\":{\"task\":{\"command\":[\"wc\",\"a b\"],\"executor\":\"singularity\","
                        + "\"environment\":{\"A\":\"b,c\"},\"parameters\":{\"image\":\"debian:12\"}}},"
                        + "\"secrets\":[{\"name\":\"PASSWORD\"}]}");

        assertThat(run("task", "shell", "17.1").out())
                .contains("export APPTAINERENV_MUSTER_TASK=17.1\n")
                .endsWith("""
                        export APPTAINERENV_A=b,c
                        export APPTAINERENV_PASSWORD="$PASSWORD"
                        apptainer exec --containall --no-eval --home "$PWD" --pwd "$PWD" docker://debian:12 wc 'a b'
                        """);
    }
}
