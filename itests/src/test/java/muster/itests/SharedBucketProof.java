package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two managers that keep files in one bucket: what one has taken the other has, and one that comes back harms nothing. */
@Tag("proof")
class SharedBucketProof {
    private static final Duration LIMIT = TwoManagers.LIMIT;

    /** More than is sent to the bucket at once. */
    private static final int LARGE_BYTES = (64 << 20) + 12_345;

    @TempDir
    private Path dir;

    @TempDir
    private Path shared;

    private Path bucket;
    private Cluster server;
    private HeldRequests requests;
    private TwoManagers managers;

    @BeforeEach
    void start() throws Exception {
        var folder = Files.createDirectories(shared.resolve("server"));
        bucket = folder.resolve("s3/muster-test");
        server = new Cluster(folder);
        var built = Path.of(System.getProperty("muster.s3"));
        server.start(
                "process",
                new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-cp",
                        built.resolve("test-classes") + ":" + Files.readString(built.resolve("server.classpath")),
                        "muster.s3.S3Server",
                        folder.toString()));
        var port = folder.resolve("port");
        Eventually.until("the bucket", LIMIT, () -> server.alive("process") && Files.exists(port), is -> is);
        requests = new HeldRequests(Integer.parseInt(Files.readString(port)));
        managers = new TwoManagers(
                dir,
                shared,
                Map.of(
                        "MUSTER_MANAGER_DATA_STORE",
                        "s3://muster-test/cluster",
                        "MUSTER_MANAGER_DATA_STORE_ENDPOINT",
                        "http://127.0.0.1:" + requests.port(),
                        "MUSTER_MANAGER_DATA_STORE_KEY",
                        "AKTEST",
                        "MUSTER_MANAGER_DATA_STORE_SECRET_FILE",
                        folder.resolve("secret").toString()));
        managers.start();
    }

    @AfterEach
    void stop() throws Exception {
        managers.close();
        requests.close();
        server.close();
    }

    @Test
    void whatOneHasTakenTheOtherHasAndOneThatComesBackHarmsNothing() throws Exception {
        var input = Files.writeString(shared.resolve("input"), "what is taken\n");
        var copied = random("copied", 1 << 20);
        var large = random("large", LARGE_BYTES);
        var open = shared.resolve("open");
        var job = managers.submit("kept", input, "until [ -e " + open + " ]; do sleep 0.1; done; cat in in > kept");

        // killed while an output is on its way into the bucket, and an upload of a user
        var half = requests.hold(2, "PUT /muster-test/cluster/sha256/", 2);
        var sending = managers.submit("large", input, "cp " + large + " large");
        var copy = managers.client("copy", "cp", copied.toString(), "muster:");
        half.await();
        managers.nodes.kill("m1");
        half.release();
        assertThat(copy.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        managers.awaitReady("m2");
        Files.createFile(open);
        managers.assertSucceeds("m2", job);
        managers.assertSucceeds("m2", sending);
        assertThat(managers.download(job, "kept")).hasContent("what is taken\nwhat is taken\n");
        assertThat(managers.download(sending, "large")).hasSameBinaryContentAs(large);
        var name = managers.run("again", "cp", copied.toString(), "muster:").strip();
        managers.run("fetch", "cp", name, shared.resolve("back").toString());
        assertThat(shared.resolve("back")).hasSameBinaryContentAs(copied);
        managers.assertSucceeds("m2", managers.submit("kept", input, "cat in > kept"));

        // paused while it keeps the list of what an attempt made: the worker turns to the other
        managers.startManager("m1");
        managers.awaitStandsBy("m1", "m2");
        var list = requests.hold(1, "PUT /muster-test/cluster/outputs/", 0);
        var listed = managers.submit("kept", input, "cat in in in > kept");
        list.await();
        var asking = managers.rest("m2");
        assertThat(asking.get("/readyz").status()).isEqualTo(200);
        managers.nodes.signal("m2", "STOP");
        managers.awaitReady("m1");
        requests.holdNoMore();
        managers.assertSucceeds("m1", listed);
        // by the id that the paused one will give to a job that comes to it
        var next = managers.submit("kept", input, "cat in in in in > kept");
        managers.assertSucceeds("m1", next);
        var before = contents();
        var late =
                CompletableFuture.supplyAsync(() -> asking.post("/api/v1/jobs", "{\"task\":{\"command\":[\"true\"]}}"));
        list.release();
        managers.nodes.signal("m2", "CONT");
        assertThat(late.get(LIMIT.toSeconds(), TimeUnit.SECONDS).status()).isEqualTo(503);
        managers.awaitStandsBy("m2", "m1");
        assertThat(contents()).isEqualTo(before);

        // and takes over what is there
        managers.nodes.kill("m1");
        managers.awaitReady("m2");
        for (var each : Map.of(job, 2, listed, 3, next, 4).entrySet()) {
            assertThat(managers.download(each.getKey(), "kept")).hasContent("what is taken\n".repeat(each.getValue()));
        }
    }

    private Path random(String name, int size) throws IOException {
        var bytes = new byte[size];
        new Random(79).nextBytes(bytes);
        return Files.write(shared.resolve(name), bytes);
    }

    /** What is in the cluster's part of the bucket, and the digest of each. Every object is whole. */
    private Map<String, String> contents() throws Exception {
        var found = new TreeMap<String, String>();
        try (var files = Files.walk(bucket.resolve("cluster"))) {
            // what the server has not completed lies beside, under a longer name
            for (var file : files.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().contains("-"))
                    .toList()) {
                found.put(bucket.relativize(file).toString(), digest(file));
            }
        }
        found.forEach((name, digest) -> {
            if (name.contains("/sha256/")) {
                assertThat(name.replace("/", "")).endsWith(digest);
            }
        });
        return found;
    }

    private static String digest(Path file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }
}
