package muster.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.ZipFile;
import muster.cli.client.ExitCode;
import muster.cli.client.FakeManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObjectCommandsTest {
    private static final String HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    @TempDir
    private Path folder;

    private final FakeManager manager = new FakeManager();

    @AfterEach
    void close() {
        manager.close();
    }

    private Run run(String... arguments) {
        var run = Run.of(manager.environment(), arguments);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run;
    }

    private Path hello() throws IOException {
        return Files.writeString(folder.resolve("hello.txt"), "hello");
    }

    private void status(String bytes, int uploaded) {
        manager.on(
                "GET /objects/" + HELLO.replace(":", "%3A") + "/status",
                200,
                "{\"object\":\"" + HELLO + "\",\"bytes\":" + bytes + ",\"uploaded\":" + uploaded + "}");
    }

    private void outputs() {
        manager.on("GET /jobs/17", 200, "{\"id\":\"17\",\"kind\":\"array\"}")
                .on("GET /tasks/17.3", 200, "{\"id\":\"17.3\"}")
                .on("GET /objects/" + HELLO.replace(":", "%3A"), 200, "hello")
                .on(
                        "GET /objects",
                        200,
                        "{\"items\":[{\"task\":\"17.3\",\"attempt\":1,\"name\":\"out/run.sh\",\"object\":\"" + HELLO
                                + "\",\"bytes\":5,\"executable\":true,\"kept\":true}],\"next\":null}");
    }

    @Test
    void uploadsWhatTheManagerHasNot() throws IOException {
        status("null", 2);
        manager.on("PUT /objects/" + HELLO.replace(":", "%3A"), 200, "{}");

        var run = run("cp", hello().toString(), "muster:");

        assertThat(run.out()).isEqualTo("muster:" + HELLO + "\n");
        assertThat(manager.bodies()).last().isEqualTo("llo");
        assertThat(manager.requests()).last().asString().endsWith("?bytes=5&offset=2");
    }

    @Test
    void uploadsNothingThatIsThere() throws IOException {
        status("5", 5);

        run("cp", hello().toString(), "muster:");

        assertThat(manager.requests()).hasSize(1);
    }

    @Test
    void bringsBackWhatATaskMade() {
        outputs();

        run("cp", "muster:17.3/out/run.sh", folder.toString());

        assertThat(folder.resolve("run.sh")).hasContent("hello").isExecutable();
    }

    @Test
    void downloadsAJobIntoAFolderOrAZipFile() throws IOException {
        outputs();

        run("job", "download", "17", "--to", folder.resolve("all").toString());
        run("job", "download", "17", "--zip", folder.resolve("all.zip").toString());

        assertThat(folder.resolve("all/3/out/run.sh")).hasContent("hello");
        try (var zip = new ZipFile(folder.resolve("all.zip").toFile())) {
            assertThat(zip.getInputStream(zip.getEntry("3/out/run.sh"))).hasContent("hello");
        }
    }

    /** Breaks off before its end so often, then sends all. */
    private void breakOff(int times) {
        var asked = new AtomicInteger();
        manager.on("GET /objects/" + HELLO.replace(":", "%3A"), exchange -> {
            if (asked.incrementAndGet() > times) {
                FakeManager.send(exchange, 200, "hello");
                return;
            }
            exchange.sendResponseHeaders(200, 5);
            exchange.getResponseBody().write('h');
            exchange.getResponseBody().flush();
            throw new IOException("killed");
        });
    }

    @Test
    void beginsAnewWhereADownloadBreaksOff() throws IOException {
        outputs();
        breakOff(2);

        run("job", "download", "17", "--to", folder.resolve("all").toString());
        breakOff(2);
        run("job", "download", "17", "--zip", folder.resolve("all.zip").toString());

        assertThat(folder.resolve("all/3/out/run.sh")).hasContent("hello");
        try (var zip = new ZipFile(folder.resolve("all.zip").toFile())) {
            assertThat(zip.getInputStream(zip.getEntry("3/out/run.sh"))).hasContent("hello");
        }
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("all", "all.zip");
    }

    @Test
    void leavesNothingOfADownloadThatFails() throws IOException {
        outputs();
        breakOff(Integer.MAX_VALUE);

        var run = Run.of(
                manager.environment(),
                "job",
                "download",
                "17",
                "--to",
                folder.resolve("all").toString());

        assertThat(run.exitCode()).isEqualTo(ExitCode.EXTERNAL);
        assertThat(run.err()).isEqualTo("muster: the download of " + HELLO + " broke off 5 times; try again\n");
        assertThat(folder.resolve("all/3/out")).isEmptyDirectory();
    }

    @Test
    void leavesAZipFileAsItWasIfItCannotBeWhole() throws IOException {
        outputs();
        breakOff(Integer.MAX_VALUE);
        var zip = Files.writeString(folder.resolve("all.zip"), "before");

        var run = Run.of(manager.environment(), "job", "download", "17", "--zip", zip.toString());

        assertThat(run.exitCode()).isEqualTo(ExitCode.EXTERNAL);
        assertThat(zip).hasContent("before");
        assertThat(folder.toFile().list()).containsExactly("all.zip");
    }

    @Test
    void submitUploadsInputsAndNamesOutputs() throws IOException {
        status("5", 5);
        manager.on("POST /jobs", 201, "{\"id\":\"17\"}");
        manager.on("GET /cluster", 200, "{\"sharedFolders\":[\"" + folder.resolve("nfs") + "\"]}");
        var shared = Files.createDirectories(folder.resolve("nfs/data"));
        var tree = Files.createDirectories(folder.resolve("tree/sub"));
        Files.writeString(tree.resolve("a"), "hello");

        run(
                "submit",
                "--input",
                hello() + "=in.txt",
                "--input",
                folder.resolve("tree") + "=data",
                "--input",
                "task:12.0/out.txt",
                "--input",
                shared.toString(),
                "--input",
                "muster:" + HELLO + "=x",
                "--output",
                "out.txt",
                "--output",
                "*.log?",
                "--",
                "true");

        assertThat(manager.bodies())
                .last()
                .asString()
                .contains("\"inputs\":["
                        + "{\"name\":\"in.txt\",\"from\":\"" + HELLO + "\"},"
                        + "{\"name\":\"data/sub/a\",\"from\":\"" + HELLO + "\"},"
                        + "{\"name\":\"out.txt\",\"from\":\"task:12.0/out.txt\"},"
                        + "{\"name\":\"data\",\"from\":\"file:" + shared + "\"},"
                        + "{\"name\":\"x\",\"from\":\"" + HELLO + "\"}],"
                        + "\"outputs\":[\"out.txt\",{\"path\":\"*.log\",\"optional\":true}]");
    }
}
