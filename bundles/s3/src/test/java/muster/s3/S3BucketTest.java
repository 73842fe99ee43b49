package muster.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.data.Bucket;
import muster.data.Buckets;
import muster.data.ObjectStore;
import muster.data.TransferException;
import muster.data.TransferException.Failure;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.MultipartUpload;

/** On a real server. */
final class S3BucketTest {
    private static final int SMALLEST_PART = 5 << 20;

    @TempDir
    private static Path folder;

    private static S3Server server;

    @BeforeAll
    static void start() throws Exception {
        server = new S3Server(folder);
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private static Bucket open(String bucket) {
        return S3Bucket.open(server.place(bucket, null), 2, SMALLEST_PART);
    }

    private static Path file(String text) throws IOException {
        return Files.writeString(Files.createTempFile(folder, "file", ""), text);
    }

    private static void assertAway(ThrowingCallable call, String... words) {
        assertThatThrownBy(call).isInstanceOfSatisfying(TransferException.class, e -> {
            assertThat(e.failure()).isEqualTo(Failure.STORE_AWAY);
            assertThat(e).hasMessageContainingAll(words);
        });
    }

    @Test
    void listsNamesBelowAPrefixFromAnyOn() throws IOException {
        try (var bucket = open(S3Server.BUCKET + "/list")) {
            for (var name : new String[] {"outputs/1/a", "outputs/2/b", "outputs/2/c", "other"}) {
                bucket.put(name, file(name));
            }
            var all = new ArrayList<String>();
            bucket.list("outputs/", "", (name, since) -> all.add(name));
            assertThat(all).containsExactly("outputs/1/a", "outputs/2/b", "outputs/2/c");
            var later = new ArrayList<String>();
            bucket.list("outputs/", "outputs/2/b", (name, since) -> later.add(name));
            assertThat(later).containsExactly("outputs/2/c");
        }
    }

    @Test
    void movesLargeFilesInParts() throws IOException {
        var large = folder.resolve("large");
        var random = new Random(5);
        try (var out = Files.newOutputStream(large)) {
            var piece = new byte[1 << 20];
            for (var i = 0; i < 12; i++) {
                random.nextBytes(piece);
                out.write(piece);
            }
        }
        var store = new ObjectStore(folder.resolve("store"), Long.MAX_VALUE, false);
        var object = store.adopt(large);
        try (var bucket = open(S3Server.BUCKET)) {
            bucket.put("large", large);
            assertThat(bucket.size("large")).hasValue(12L << 20);
            store.remove(object);
            bucket.get("large", store.receive(object));
            assertThat(store.find(object)).isPresent();
            bucket.remove("large");
            assertThat(bucket.size("large")).isEmpty();
        }
    }

    private static S3Client client() {
        return S3Client.builder()
                .httpClientBuilder(ApacheHttpClient.builder())
                .credentialsProvider(
                        StaticCredentialsProvider.create(AwsBasicCredentials.create(S3Server.KEY, S3Server.SECRET)))
                .endpointOverride(server.endpoint())
                .forcePathStyle(true)
                .region(Region.US_EAST_1)
                .build();
    }

    private static List<String> begun(S3Client client) {
        return client.listMultipartUploads(request -> request.bucket(S3Server.BUCKET)).uploads().stream()
                .map(MultipartUpload::key)
                .toList();
    }

    @Test
    void throwsAwayThePartsOfFilesThatBrokeOff() throws IOException {
        try (var client = client();
                var bucket = open(S3Server.BUCKET + "/parts")) {
            for (var name : new String[] {"parts/sha256/half", "others/half"}) {
                client.createMultipartUpload(
                        request -> request.bucket(S3Server.BUCKET).key(name));
            }
            bucket.removePartial(Instant.now().minusSeconds(60));
            assertThat(begun(client)).containsExactlyInAnyOrder("parts/sha256/half", "others/half");
            bucket.removePartial(Instant.now().plusSeconds(60));
            assertThat(begun(client)).containsExactly("others/half");
        }
    }

    @Test
    void saysThatTheBucketIsNotThere() throws IOException {
        try (var bucket = open("elsewhere")) {
            var words = new String[] {"s3://elsewhere at http://127.0.0.1", "make the bucket, or correct data.store"};
            var file = file("x");
            assertAway(bucket::check, words);
            assertAway(() -> bucket.put("x", file), words);
            assertAway(() -> bucket.size("x"), words);
            assertAway(() -> bucket.removePartial(Instant.now()), words);
            assertAway(
                    () -> bucket.get("x", new ObjectStore(folder, 0, false).receive("sha256:" + "0".repeat(64))),
                    words);
        }
    }

    @Test
    void saysThatTheKeyIsWrong() throws IOException {
        try (var bucket = S3Bucket.open(server.place(S3Server.BUCKET, "wrong"), 2, SMALLEST_PART)) {
            var file = file("x");
            assertAway(bucket::check, "does not let the manager in", "correct data.store.key and its secret");
            assertAway(() -> bucket.put("x", file), "does not let the manager in");
            assertAway(() -> bucket.size("x"), "does not let the manager in");
        }
    }

    @Test
    void waitsForAServerThatIsAwayForAWhile() throws Exception {
        try (var bucket = S3Bucket.open(server.place(S3Server.BUCKET, null), S3Bucket.ATTEMPTS, SMALLEST_PART)) {
            var file = file("patience");
            server.goAway();
            CompletableFuture<Void> put;
            try (var broken = new ServerSocket(server.endpoint().getPort())) {
                put = CompletableFuture.runAsync(() -> {
                    try {
                        bucket.put("patience", file);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
                broken.accept().close();
                broken.accept().close();
            }
            server.comeBack();
            put.join();
            assertThat(bucket.size("patience")).hasValue(8);
        }
    }

    @Test
    void saysThatTheServerDoesNotAnswer() throws Exception {
        try (var bucket = open(S3Server.BUCKET)) {
            server.goAway();
            try {
                assertAway(
                        bucket::check, "does not answer, asked 2 times", "see to its network and data.store.endpoint");
            } finally {
                server.comeBack();
            }
        }
    }

    @Test
    void takesANameThatIsNoneOfAHost() throws IOException {
        server.blobs().createContainerInLocation(null, "a_bucket");
        try (var bucket = open("a_bucket/x")) {
            bucket.check();
            assertThat(bucket).hasToString("s3://a_bucket/x/");
        }
    }

    @Test
    void refusesWhatCannotBeMeant() {
        for (var place : new String[] {"http://bucket", "s3:bucket", "s3://me@bucket/x", "s3:///x"}) {
            assertThatThrownBy(() -> S3Bucket.open(
                            new Buckets.Place(URI.create(place), server.endpoint(), "", "k", null), 1, SMALLEST_PART))
                    .isInstanceOfSatisfying(MusterException.class, e -> {
                        assertThat(e.code()).isEqualTo(ErrorCode.INVALID);
                        assertThat(e).hasMessageContaining("write s3://BUCKET");
                    });
        }
        assertThatThrownBy(() -> S3Bucket.open(
                        new Buckets.Place(URI.create("s3://b"), server.endpoint(), "", "k", null), 1, SMALLEST_PART))
                .hasMessageContaining("name a file with it in data.store.secret.file");
    }
}
