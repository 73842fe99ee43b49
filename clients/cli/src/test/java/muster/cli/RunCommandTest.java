package muster.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import muster.cli.client.ExitCode;
import muster.cli.client.FakeManager;
import muster.cli.client.Json;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCommandTest {
    private static final String HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    @TempDir
    private Path folder;

    private Path script;
    private final FakeManager manager = new FakeManager();

    @BeforeEach
    void writeScript() throws IOException {
        script = Files.writeString(folder.resolve("w.makeflow"), "out/b: in\n\tcp in out/b\n");
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private Run run(String... options) {
        var arguments = new String[options.length + 2];
        arguments[0] = "run";
        arguments[1] = script.toString();
        System.arraycopy(options, 0, arguments, 2, options.length);
        return Run.of(manager.environment(), arguments);
    }

    /** @param output what the plan calls it in the user's folder */
    private void plan(String output) {
        var plan = "{\"missing\":null,\"plan\":{\"size\":2,\"categories\":{\"default\":2},\"inputs\":[\"in\"],"
                + "\"outputs\":[{\"path\":\"" + output + "\",\"task\":\"b\",\"output\":\"made\"}],"
                + "\"tasks\":[{\"name\":\"a\",\"command\":[\"/bin/sh\",\"-c\",\"make a\"],\"needs\":[]},"
                + "{\"name\":\"b\",\"command\":[\"/bin/sh\",\"-c\",\"make b\"],\"needs\":[\"a\"]}]}}";
        manager.on("POST /workflows", exchange -> {
            if (exchange.getRequestURI().toString().endsWith("dryRun=true")) {
                FakeManager.send(exchange, 200, plan);
            } else {
                FakeManager.send(exchange, 201, job("waiting"));
            }
        });
        manager.on(
                "GET /objects/" + HELLO.replace(":", "%3A") + "/status",
                200,
                "{\"object\":\"" + HELLO + "\",\"bytes\":5,\"uploaded\":5}");
        manager.on("GET /objects/" + HELLO.replace(":", "%3A"), 200, "hello");
        manager.on(
                "GET /objects",
                200,
                "{\"items\":[{\"task\":\"17.1\",\"attempt\":1,\"name\":\"made/x\",\"object\":\"" + HELLO
                        + "\",\"bytes\":5,\"executable\":true,\"kept\":true},"
                        + "{\"task\":\"17.0\",\"attempt\":1,\"name\":\"made/y\",\"object\":\"" + HELLO
                        + "\",\"bytes\":5,\"executable\":false,\"kept\":true}],\"next\":null}");
    }

    private static String job(String state) {
        return "{\"id\":\"17\",\"kind\":\"graph\",\"name\":\"w\",\"state\":\"" + state
                + "\",\"size\":2,\"tasks\":{\"failed\":1}}";
    }

    private JsonNode lastBody(String request) throws JsonProcessingException {
        var at = manager.requests().lastIndexOf(request);
        return Json.read(manager.bodies().get(at));
    }

    @Test
    void uploadsInputsAndBringsOutputsBack() throws IOException {
        plan("out/b");
        manager.on("GET /jobs/17", 200, job("succeeded"));
        Files.writeString(Files.createDirectories(folder.resolve("in")).resolve("file"), "hello");

        var run = run("--set", "N=1", "--executor", "docker", "--image", "debian:12", "--outputs-only");

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(folder.resolve("out/b/x")).hasContent("hello").isExecutable();
        assertThat(folder.resolve("out/b/y")).doesNotExist();
        assertThat(run.out()).contains("1 file is in " + folder);
        var sent = lastBody("POST /api/v1/workflows");
        assertThat(sent.at("/contents/in/0/name").asText()).isEqualTo("file");
        assertThat(sent.at("/contents/in/0/object").asText()).isEqualTo(HELLO);
        assertThat(sent.at("/settings/N").asText()).isEqualTo("1");
        assertThat(sent.path("options"))
                .isEqualTo(Json.read("{\"executor\":\"docker\",\"image\":\"debian:12\",\"outputs-only\":\"true\"}"));
    }

    @Test
    void sendsWhatIsAroundEveryRuleAndWhereFilesAre() throws IOException {
        plan("out/b");
        Files.writeString(folder.resolve("in"), "hello");
        var mounts = Files.writeString(folder.resolve("mounts"), "ref.db /data/ref.db\n");

        var run = run(
                "--wrapper",
                "./a []",
                "--wrapper-input",
                "a",
                "--wrapper-input",
                "b->c",
                "--wrapper-output",
                "trace.%%",
                "--mounts",
                mounts.toString(),
                "--detach");

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(lastBody("POST /api/v1/workflows").path("options"))
                .isEqualTo(Json.read("{\"wrapper\":\"./a []\",\"wrapper-input\":\"a\\nb->c\","
                        + "\"wrapper-output\":\"trace.%%\",\"mounts\":\"ref.db /data/ref.db\\n\"}"));
    }

    @Test
    void sendsSecretsWithTheRunAlone() throws IOException {
        plan("out/b");
        Files.writeString(folder.resolve("in"), "hello");
        var secret = Files.writeString(folder.resolve("secret"), "hunter2\n");

        var run = run("--secret", "PASSWORD=@" + secret, "--secret-file", "KEY=@" + secret, "--detach");

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(lastBody("POST /api/v1/workflows").path("secrets"))
                .isEqualTo(Json.read("[{\"name\":\"PASSWORD\",\"base64\":\"aHVudGVyMg==\"},"
                        + "{\"name\":\"KEY\",\"base64\":\"aHVudGVyMgo=\",\"as\":\"file\"}]"));
        assertThat(manager.bodies().stream().filter(body -> body.contains("aHVudGVyMg")))
                .hasSize(1);
    }

    @Test
    void runsNothingWithoutASecretThatTheWorkflowReliesOn() throws IOException {
        manager.on(
                "POST /workflows",
                200,
                "{\"missing\":null,\"plan\":{\"size\":1,\"categories\":{},\"inputs\":[],\"outputs\":[],"
                        + "\"secrets\":[{\"name\":\"KEY\",\"as\":\"file\"}],"
                        + "\"tasks\":[{\"name\":\"a\",\"command\":[],\"needs\":[]}]}}");
        var secret = Files.writeString(folder.resolve("secret"), "hunter2\n");

        assertThat(run("--secret", "KEY=@" + secret).err())
                .contains("the workflow relies on secret 'KEY'; give it by --secret-file KEY=@FILE");
        assertThat(run("--secret", "KEY=hunter2").err())
                .contains("--secret takes a value from a file")
                .doesNotContain("hunter2");
        assertThat(run("--dry-run").out()).contains("secrets: KEY");
    }

    @Test
    void tellsWhichRuleFailedWhereAndHow() throws IOException {
        plan("out/b");
        Files.writeString(folder.resolve("in"), "hello");
        manager.on("GET /jobs/17", 200, job("failed"));
        manager.on(
                "GET /tasks",
                200,
                "{\"items\":[{\"id\":\"17.1\",\"name\":\"b\",\"state\":\"failed\",\"attempts\":[{\"worker\":\"w2\","
                        + "\"exitCode\":3,\"cause\":\"exit_code\",\"stderrTail\":\"no such colour\"}]}]}");

        var run = run();

        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err())
                .contains(
                        "task 17.1 'b' on w2: exit code 3",
                        "command: make b",
                        "no such colour",
                        "muster task shell 17.1 | sh",
                        "muster job retry 17");
    }

    @Test
    void printsOnlyTheIdWhereItDoesNotWait() throws IOException {
        plan("out/b");
        Files.writeString(folder.resolve("in"), "hello");

        assertThat(run("--detach", "--max-fails", "0", "--may-fail").out()).isEqualTo("17\n");
        assertThat(lastBody("POST /api/v1/workflows").path("maxFails").asInt(-1))
                .isZero();
        assertThat(lastBody("POST /api/v1/workflows").path("mayFail").asBoolean())
                .isTrue();
    }

    @Test
    void runsNothingThatLacksAnInput() {
        plan("out/b");

        var run = run();

        assertThat(run.exitCode()).isEqualTo(ExitCode.USER);
        assertThat(run.err()).contains("no rule makes in", folder.toString());
        assertThat(manager.requests()).hasSize(1);
    }

    @Test
    void writesNothingOutsideOfTheFolder() throws IOException {
        plan("../b");
        Files.writeString(folder.resolve("in"), "hello");
        manager.on("GET /jobs/17", 200, job("succeeded"));

        var run = run();

        assertThat(run.exitCode()).isEqualTo(ExitCode.EXTERNAL);
        assertThat(run.err()).contains("'../b/x', which is not below");
    }

    @Test
    void movesNoFilesInASharedFolder() throws IOException {
        plan("out/b");
        manager.on("GET /jobs/17", 200, job("succeeded"));

        assertThat(run("--shared-dir", "/work").exitCode()).isZero();
        assertThat(lastBody("POST /api/v1/workflows").at("/options/shared-dir").asText())
                .isEqualTo("/work");
        assertThat(manager.requests()).noneMatch(request -> request.contains("/objects"));
    }

    @Test
    void outlinesAndDrawsWithoutRunning() {
        plan("out/b");

        assertThat(run("--dry-run").out()).isEqualTo("""
                2 tasks
                  default: 2
                inputs:  in
                outputs: out/b
                """);
        assertThat(run("--graph", "dot").out()).contains("\"a\" -> \"b\";");
        assertThat(run("--graph", "mermaid").out()).contains("t0 --> t1");
        assertThat(run("--graph", "json").out()).contains("\"needs\"");
        assertThat(manager.requests()).allMatch(request -> request.endsWith("dryRun=true"));
    }

    @Test
    void checksWithoutRunning() throws IOException {
        plan("out/b");

        assertThat(run("--lint").err()).contains("no rule makes in");
        Files.writeString(folder.resolve("in"), "hello");
        assertThat(run("--lint").out()).isEqualTo(script + " is right: 2 tasks\n");
        assertThat(manager.requests()).allMatch(request -> request.endsWith("dryRun=true"));
    }

    @Test
    void showsTheLinesThatFaultsAreIn() {
        manager.on(
                "POST /workflows",
                400,
                "{\"kind\":\"user\",\"detail\":\"x\",\"errors\":[{\"pointer\":\"\",\"detail\":\"w.makeflow:1:8: no colour\"},"
                        + "{\"pointer\":\"\",\"detail\":\"w.makeflow:2:2: no size\"}]}");

        var run = run("--lint");

        assertThat(run.exitCode()).isEqualTo(ExitCode.USER);
        assertThat(run.err()).isEqualTo("""
                muster: w.makeflow has 2 faults
                  w.makeflow:1:8: no colour
                      out/b: in
                             ^
                  w.makeflow:2:2: no size
                       cp in out/b
                       ^
                """);
    }

    @Test
    @Tag("proof")
    void sendsFilesAndVariablesThatTheScriptAsksFor() throws IOException {
        plan("out/b");
        Files.writeString(folder.resolve("nested.mf"), "a:\n\ttrue\n");
        manager.on(
                "POST /workflows",
                200,
                "{\"missing\":{\"files\":[\"nested.mf\"],\"variables\":[\"NOWHERE_SET\"],\"contents\":[]},\"plan\":null}");

        var run = run("--dry-run");

        assertThat(run.err()).contains("asks for ever more");
        var sent = lastBody("POST /api/v1/workflows?dryRun=true");
        assertThat(sent.at("/files/nested.mf").asText()).isEqualTo("a:\n\ttrue\n");
        assertThat(sent.at("/undefined/0").asText()).isEqualTo("NOWHERE_SET");
    }

    @Test
    void uploadsAFolderThatTheScriptLooksInto() throws IOException {
        plan("out/b");
        Files.writeString(Files.createDirectories(folder.resolve("data")).resolve("file"), "hello");
        manager.on(
                "POST /workflows",
                200,
                "{\"missing\":{\"files\":[],\"variables\":[],\"contents\":[\"data\"]},\"plan\":null}");

        var run = run("--dry-run");

        assertThat(run.err()).contains("looks into data, which has no files");
        assertThat(lastBody("POST /api/v1/workflows?dryRun=true")
                        .at("/contents/data/0/object")
                        .asText())
                .isEqualTo(HELLO);
    }

    @Test
    void sendsNoScriptFromOutsideOfTheFolder() {
        manager.on(
                "POST /workflows",
                200,
                "{\"missing\":{\"files\":[\"../secret\"],\"variables\":[],\"contents\":[]},\"plan\":null}");

        assertThat(run("--dry-run").err()).contains("../secret", "outside of its folder");
    }

    @Test
    void whatIsSaidOfASpecificationHoldsOrIsRefusedByName() throws IOException {
        script = Files.writeString(folder.resolve("spec.json"), "{\"graph\":{\"tasks\":[{\"name\":\"a\"}]}}");
        manager.on("POST /jobs", 201, job("waiting"));

        var run = run("--max-fails", "0", "--may-fail", "--name", "n", "--tag", "t", "--detach");

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(lastBody("POST /api/v1/jobs"))
                .isEqualTo(Json.read("{\"graph\":{\"tasks\":[{\"name\":\"a\",\"mayFail\":true}]},\"name\":\"n\","
                        + "\"tags\":[\"t\"],\"maxFails\":0}"));
        assertThat(run("--retries", "2", "--set", "A=1", "--wrapper", "time").err())
                .contains("is a job specification, which takes no --retries, --set, --wrapper; write into the file");
    }
}
