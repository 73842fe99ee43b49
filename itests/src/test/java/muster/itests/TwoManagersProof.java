package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import muster.itests.hot.HotBundle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two managers that have a database, a broker and a key in common and nothing else, as processes of their own. */
@Tag("proof")
class TwoManagersProof {
    private static final Duration LIMIT = TwoManagers.LIMIT;

    @TempDir
    private Path dir;

    @TempDir
    private Path shared;

    private TwoManagers managers;

    @BeforeEach
    void start() throws Exception {
        managers = new TwoManagers(dir, shared, Map.of());
        managers.start();
    }

    @AfterEach
    void stop() throws Exception {
        managers.close();
    }

    private Rest rest(String manager) {
        return managers.rest(manager);
    }

    @Test
    void theOtherTakesOverFromOneThatIsKilledAndFromOneThatIsPaused() throws Exception {
        var began = Files.createFile(shared.resolve("began"));
        var gate = shared.resolve("gate");
        deployLanguage("m1", "1.0.0");
        deployLanguage("m2", "2.0.0");
        awaitLanguage("m1");
        var revoked = token(rest("m1"), "operator");
        var made = token(rest("m1"), "operator");
        assertThat(rest("m1")
                        .delete("/api/v1/tokens/" + revoked.at("/details/id").asText())
                        .status())
                .isLessThan(300);

        var longer = rest("m1").submit(job("until [ -e GATE ]; do sleep 0.1; done", "0", began, gate));
        var shorter = rest("m1").submit(job("sleep 0.1", "0-149", began, gate));
        var waiting = managers.client("wait", "job", "wait", shorter);
        var following = managers.client("events", "job", "events", longer);
        await(rest("m1"), shorter, 20);
        // 41 is found by 50, 25, 37, 43, 40, 41
        var search = rest("m1").submitWorkflow("search.bisect", search("37", "40", 41));
        awaitProbes("50", "25", "37");

        var killed = System.nanoTime();
        managers.nodes.kill("m1");
        managers.awaitReady("m2");
        System.out.println("after SIGKILL the other was ready in " + secondsSince(killed) + " s");
        await(rest("m2"), shorter, 60);
        awaitMessage(
                rest("m2"), search, "waits for language 'bisect' of version 1.0.0, by which it was begun; deploy that");
        Files.createFile(shared.resolve("37"));
        await(rest("m2"), search, 3);
        deployLanguage("m2", "1.0.0");
        awaitProbes("50", "25", "37", "43", "40");
        assertThat(new Rest(managers.restPort("m2"), made.path("token").asText())
                        .get("/api/v1/cluster")
                        .status())
                .isEqualTo(200);
        assertThat(new Rest(managers.restPort("m2"), revoked.path("token").asText())
                        .get("/api/v1/cluster")
                        .status())
                .isEqualTo(401);

        managers.startManager("m1");
        managers.awaitStandsBy("m1", "m2");
        var paused = System.nanoTime();
        managers.nodes.signal("m2", "STOP");
        managers.awaitReady("m1");
        System.out.println("after SIGSTOP the other was ready in " + secondsSince(paused) + " s");
        await(rest("m1"), shorter, 90);
        Files.createFile(shared.resolve("40"));
        assertThat(rest("m1").ended(search, LIMIT).path("state").asText()).isEqualTo("succeeded");
        managers.nodes.signal("m2", "CONT");
        var late = rest("m2").post("/api/v1/jobs", job("true", "0", began, gate));
        assertThat(late.status()).as(late.toString()).isEqualTo(503);
        managers.awaitStandsBy("m2", "m1");

        await(rest("m1"), shorter, 150);
        Files.createFile(gate);
        assertThat(rest("m1").ended(longer, LIMIT).path("state").asText()).isEqualTo("succeeded");
        assertThat(Files.readAllLines(began)).hasSize(151).doesNotHaveDuplicates();
        awaitProbes("50", "25", "37", "43", "40", "41");
        assertThat(rest("m1").get("/api/v1/tasks/" + search + ".6/logs").text()).isEqualTo("41\n");
        assertThat(rest("m1").get("/api/v1/jobs").json().path("items")).hasSize(3);
        assertEndsWell(waiting);
        assertEndsWell(following);
        assertThat(output("events")).contains("job.succeeded");

        var removed = rest("m1").delete("/api/v1/workers/w1?force=true");
        assertThat(removed.status()).as(removed.toString()).isLessThan(300);
        Eventually.until("the broker knows it", LIMIT, this::toldBroker, told -> told.contains(" w1 "));
    }

    /** What the broker keeps of revoked certificates. */
    private String toldBroker() {
        try {
            return Files.readString(dir.resolve("broker/revoked"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void deployLanguage(String manager, String version) throws IOException {
        HotBundle.deployLanguage(Files.createDirectories(dir.resolve(manager).resolve("deploy")), version);
    }

    private void awaitLanguage(String manager) {
        Eventually.until(
                "the language is there",
                LIMIT,
                () -> rest(manager).get("/api/v1/workflows/schemas/bisect").text(),
                text -> text.contains("has no schema"));
    }

    /** A search whose probes tell that they began; those of two numbers end once a file of that name is there. */
    private String search(String one, String two, int answer) {
        return "0 100\ncd " + shared + "; echo $1 >> probes; case $1 in " + one + "|" + two
                + ") until [ -e $1 ]; do sleep 0.1; done;; esac; if [ $1 -ge " + answer
                + " ]; then echo yes; else echo no; fi\n";
    }

    private void awaitProbes(String... numbers) {
        Eventually.until("probes of " + List.of(numbers), LIMIT, this::probes, List.of(numbers)::equals);
    }

    private List<String> probes() {
        var file = shared.resolve("probes");
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void awaitMessage(Rest rest, String job, String beginning) {
        Eventually.until(
                "job " + job + " says so",
                LIMIT,
                () -> rest.get("/api/v1/jobs/" + job).json().path("message").asText(),
                message -> message.startsWith(beginning));
    }

    private static JsonNode token(Rest rest, String role) {
        var answer = rest.post("/api/v1/tokens", "{\"role\":\"" + role + "\",\"owner\":\"anna\"}");
        assertThat(answer.status()).as(answer.toString()).isEqualTo(201);
        return answer.json();
    }

    private String output(String client) throws IOException {
        return Files.readString(shared.resolve(client));
    }

    private void assertEndsWell(Process client) throws Exception {
        var ended = client.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
        client.destroyForcibly();
        assertThat(ended).as(output("wait") + output("events")).isTrue();
        assertThat(client.exitValue()).as(output("wait") + output("events")).isZero();
    }

    private static String job(String script, String indices, Path began, Path gate) {
        var command = ("echo $MUSTER_TASK >>" + began + "; " + script).replace("GATE", gate.toString());
        return "{\"array\":{\"task\":{\"command\":[\"sh\",\"-c\",\"" + command + "\"]},\"indices\":\"" + indices
                + "\"}}";
    }

    private static void await(Rest rest, String job, int succeeded) {
        Eventually.until(
                succeeded + " tasks have succeeded",
                LIMIT,
                () -> rest.get("/api/v1/jobs/" + job)
                        .json()
                        .at("/tasks/succeeded")
                        .asInt(),
                now -> now >= succeeded);
    }

    private static String secondsSince(long nanos) {
        return String.format(Locale.ROOT, "%.1f", (System.nanoTime() - nanos) / 1e9);
    }
}
