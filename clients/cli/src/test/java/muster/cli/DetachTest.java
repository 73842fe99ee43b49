package muster.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import muster.cli.client.FakeManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ctrl-C, with a client that is a real process. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DetachTest {
    private static final String RUNNING = "{\"id\":\"17\",\"kind\":\"array\",\"state\":\"running\",\"size\":1}";

    private final FakeManager manager = new FakeManager();
    private final CompletableFuture<Void> waits = new CompletableFuture<>();

    DetachTest() {
        manager.on("POST /jobs", 201, RUNNING)
                .on("POST /jobs/17/cancel", 200, RUNNING)
                .on("GET /jobs/17", exchange -> {
                    waits.complete(null);
                    FakeManager.send(exchange, 200, RUNNING);
                });
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void onePressDetachesAndSaysHowToComeBack() throws Exception {
        var client = start();
        interrupt(client);

        assertThat(client.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(client.exitValue()).isEqualTo(130);
        assertThat(said(client)).contains("muster job wait 17");
        assertThat(manager.requests()).noneMatch(request -> request.contains("cancel"));
    }

    @Test
    void twoPressesCancel() throws Exception {
        assertCancels(start());
    }

    @Test
    void twoPressesCancelHoweverLongTheManagerTakes() throws Exception {
        var client = start();
        manager.on("POST /jobs/17/cancel", exchange -> {
            // longer than it waits for a second press
            awaitInVain(client.onExit());
            FakeManager.send(exchange, 200, RUNNING);
        });
        assertCancels(client);
    }

    private static void awaitInVain(CompletableFuture<Process> exit) throws IOException {
        try {
            exit.get(4, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            return;
        } catch (InterruptedException | ExecutionException e) {
            throw new IOException(e);
        }
        throw new IOException("the client is gone");
    }

    private void assertCancels(Process client) throws Exception {
        var words = new BufferedReader(new InputStreamReader(client.getErrorStream(), StandardCharsets.UTF_8));
        interrupt(client);
        var line = words.readLine();
        while (line != null && !line.contains("detached")) {
            line = words.readLine();
        }
        interrupt(client);

        assertThat(client.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(client.exitValue()).isEqualTo(130);
        assertThat(words.readLine()).isEqualTo("muster: canceled job 17");
        assertThat(manager.requests()).contains("POST /api/v1/jobs/17/cancel");
    }

    private Process start() throws Exception {
        // a shell in the background has its children ignore the signal, and a JVM that ignores it at its start always
        // does
        var command = new ArrayList<>(List.of(
                "env",
                "--default-signal=INT",
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "muster.cli.Main",
                "submit",
                "--wait",
                "--array",
                "0-0",
                "c"));
        var builder = new ProcessBuilder(command);
        builder.environment().putAll(manager.environment());
        var client = builder.start();
        waits.get(30, TimeUnit.SECONDS);
        return client;
    }

    private static void interrupt(Process client) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-INT", Long.toString(client.pid())).start().waitFor();
    }

    private static String said(Process client) throws IOException {
        return new String(client.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
