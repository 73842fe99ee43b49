package muster.data.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import muster.data.Authority;
import muster.data.DataPlane;
import muster.data.ObjectStore;
import muster.data.Sink;
import muster.data.TransferException;
import muster.data.TransferException.Failure;
import muster.transport.NodeName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HttpDataPlaneTest {
    private static final int BYTES = 5_000_003;

    @TempDir
    private Path folder;

    private final HttpDataPlane plane = new HttpDataPlane();
    private final CountDownLatch released = new CountDownLatch(1);
    private final CountDownLatch stuck = new CountDownLatch(1);
    private Authority authority;
    private ObjectStore here;
    private ObjectStore there;
    private DataPlane.Server server;
    private DataPlane.Client client;

    /** Serves the objects of a store. */
    private final class Objects implements DataPlane.Service {
        @Override
        public DataPlane.Answer get(NodeName peer, String path, List<String> avoid) throws IOException {
            return switch (path) {
                case "/who" -> new DataPlane.Answer.Text(peer.toString());
                case "/elsewhere" ->
                    new DataPlane.Answer.Elsewhere(List.of(URI.create("https://b:1/" + String.join(",", avoid))));
                case "/stuck" -> {
                    await();
                    yield new DataPlane.Answer.Text("late");
                }
                default ->
                    new DataPlane.Answer.File(
                            there.find(path.substring(1))
                                    .orElseThrow(() -> new TransferException(Failure.SOURCE_GONE, "it is not here")),
                            List.of(URI.create("https://c:1/x")));
            };
        }

        private void await() {
            stuck.countDown();
            try {
                released.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public Sink put(NodeName peer, String path, long bytes) throws IOException {
            if (path.equals("/full")) {
                return new Full();
            }
            return there.receive(path.substring(1));
        }
    }

    private static final class Full implements Sink {
        @Override
        public void write(ByteBuffer bytes) throws IOException {
            throw TransferException.local("x", new IOException("No space left on device"));
        }

        @Override
        public void complete() {}

        @Override
        public void abort() {}
    }

    @BeforeEach
    void serve() throws Exception {
        authority = new Authority(folder.resolve("authority"));
        here = new ObjectStore(folder.resolve("here"), Long.MAX_VALUE, false);
        there = new ObjectStore(folder.resolve("there"), Long.MAX_VALUE, true);
        server = plane.serve(authority.manager("m"), "127.0.0.1", 0, new Objects());
        client = plane.client(authority.worker("w1"));
    }

    @AfterEach
    void stop() {
        released.countDown();
        client.close();
        server.close();
        plane.close();
    }

    private URI url(String path) {
        return URI.create("https://127.0.0.1:" + server.port() + "/" + path);
    }

    private Path random() throws IOException {
        var bytes = new byte[BYTES];
        new Random(7).nextBytes(bytes);
        return Files.write(folder.resolve("random"), bytes);
    }

    private static Failure failure(Throwable e) {
        return ((TransferException) e).failure();
    }

    @Test
    void bringsAFile() throws IOException {
        var object = there.adopt(random());
        for (var i = 0; i < 2; i++) {
            client.get(url(object), NodeName.Role.MANAGER, List.of(), here.receive(object));
        }
        assertThat(here.find(object).orElseThrow()).hasSameBinaryContentAs(folder.resolve("random"));
    }

    @Test
    void sendsAFile() throws IOException {
        var object = here.adopt(random());
        assertThat(client.has(url(object), NodeName.Role.MANAGER)).isFalse();
        client.put(url(object), NodeName.Role.MANAGER, here.find(object).orElseThrow());
        assertThat(client.has(url(object), NodeName.Role.MANAGER)).isTrue();
        assertThat(there.find(object).orElseThrow()).hasSameBinaryContentAs(folder.resolve("random"));
    }

    @Test
    void movesAnEmptyFile() throws IOException {
        var object = here.adopt(Files.createFile(folder.resolve("empty")));
        client.put(url(object), NodeName.Role.MANAGER, here.find(object).orElseThrow());
        var back = new ObjectStore(folder.resolve("back"), Long.MAX_VALUE, false);
        client.get(url(object), NodeName.Role.MANAGER, List.of(), back.receive(object));
        assertThat(back.find(object)).isPresent();
    }

    @Test
    void knowsWhoAsks() throws IOException {
        assertThat(client.text(url("who"), NodeName.Role.MANAGER)).isEqualTo("muster://worker/w1");
    }

    @Test
    void tellsWhereElseToAsk() throws IOException {
        var reply = client.get(
                url("elsewhere"), NodeName.Role.MANAGER, List.of("w7"), here.receive("sha256:" + "0".repeat(64)));
        assertThat(reply).isEqualTo(new DataPlane.Reply.Elsewhere(List.of(URI.create("https://b:1/w7"))));
        assertThat(client.has(url("elsewhere"), NodeName.Role.MANAGER)).isFalse();
        assertThat(folder.resolve("here/partial")).isEmptyDirectory();
    }

    @Test
    void tellsThatTheSourceHasItNot() throws IOException {
        var object = "sha256:" + "0".repeat(64);
        assertThatThrownBy(() -> client.get(url(object), NodeName.Role.MANAGER, List.of(), here.receive(object)))
                .hasMessage("it is not here")
                .satisfies(e -> assertThat(failure(e)).isEqualTo(Failure.SOURCE_GONE));
        assertThat(folder.resolve("here/partial")).isEmptyDirectory();
    }

    @Test
    void tellsThatTheBytesAreOthers() throws IOException {
        var object = there.adopt(random());
        var other = "sha256:" + "1".repeat(64);
        assertThatThrownBy(() -> client.get(url(object), NodeName.Role.MANAGER, List.of(), here.receive(other)))
                .satisfies(e -> assertThat(failure(e)).isEqualTo(Failure.HASH_MISMATCH));
        assertThat(here.find(other)).isEmpty();
        assertThatThrownBy(() -> client.put(url(other), NodeName.Role.MANAGER, folder.resolve("random")))
                .satisfies(e -> assertThat(failure(e)).isEqualTo(Failure.HASH_MISMATCH));
        assertThat(there.find(other)).isEmpty();
    }

    @Test
    void tellsThatTheOtherDiskIsFull() throws IOException {
        var file = random();
        assertThatThrownBy(() -> client.put(url("full"), NodeName.Role.MANAGER, file))
                .satisfies(e -> assertThat(failure(e)).isEqualTo(Failure.DISK_FULL));
    }

    @Test
    void givesUpASourceThatDoesNotMove() throws Exception {
        var hasty = new HttpDataPlane(new NettyClient.Pace(Duration.ofMillis(300), 1, 0));
        try (var other = hasty.client(authority.worker("w2"))) {
            assertThatThrownBy(() -> other.text(url("stuck"), NodeName.Role.MANAGER))
                    .satisfies(e -> assertThat(failure(e)).isEqualTo(Failure.SLOW_SOURCE));
        } finally {
            hasty.close();
        }
    }

    @Test
    void goesOnAfterTheServerWasRestarted() throws Exception {
        assertThat(client.text(url("who"), NodeName.Role.MANAGER)).isNotEmpty();
        var port = server.port();
        server.close();
        server = plane.serve(authority.manager("m"), "127.0.0.1", port, new Objects());
        assertThat(client.text(url("who"), NodeName.Role.MANAGER)).isNotEmpty();
    }

    @Test
    void refusesNodesOfAnotherCluster() throws Exception {
        var stranger = new Authority(folder.resolve("other")).worker("w1");
        try (var other = plane.client(stranger)) {
            assertThatThrownBy(() -> other.text(url("who"), NodeName.Role.MANAGER))
                    .satisfies(e -> assertThat(failure(e)).isEqualTo(Failure.SOURCE_LOST));
        }
    }

    @Test
    void refusesAServerOfAnotherRole() {
        assertThatThrownBy(() -> client.text(url("who"), NodeName.Role.WORKER))
                .hasMessageContaining("it is muster://manager/m, no worker");
    }

    @Test
    void tellsThatNobodyListens() {
        server.close();
        assertThatThrownBy(() -> client.text(url("who"), NodeName.Role.MANAGER))
                .satisfies(e -> assertThat(failure(e)).isEqualTo(Failure.SOURCE_LOST));
    }

    @Test
    void sendsPartsOfAFile() throws IOException {
        var object = there.adopt(random());
        var incoming = here.receive(object);
        var role = NodeName.Role.MANAGER;
        var begin = client.get(url(object), role, List.of(), new DataPlane.Part(0, 1_000_000), incoming.further());
        client.get(url(object), role, List.of(), new DataPlane.Part(3_000_000, BYTES), incoming.piece(3_000_000));
        client.get(url(object), role, List.of(), new DataPlane.Part(1_000_000, 2_000_000), incoming.piece(1_000_000));
        incoming.complete();

        assertThat(begin).isEqualTo(new DataPlane.Reply.Done(BYTES, List.of(URI.create("https://c:1/x"))));
        assertThat(here.find(object).orElseThrow()).hasSameBinaryContentAs(folder.resolve("random"));
    }

    @Test
    void sendsAllOfAnEmptyFileWhicheverPartIsAskedFor() throws IOException {
        var object = there.adopt(Files.createFile(folder.resolve("empty")));
        var reply = client.get(
                url(object), NodeName.Role.MANAGER, List.of(), new DataPlane.Part(0, 100), here.receive(object));
        assertThat(reply).isEqualTo(new DataPlane.Reply.Done(0, List.of(URI.create("https://c:1/x"))));
        assertThat(here.find(object)).isPresent();
    }

    @Test
    void refusesAPartBehindTheEnd() throws IOException {
        var object = there.adopt(random());
        assertThatThrownBy(() -> client.get(
                        url(object),
                        NodeName.Role.MANAGER,
                        List.of(),
                        new DataPlane.Part(BYTES, 100),
                        here.receive(object)))
                .hasMessageContaining("no range of a file of 5000003 bytes");
    }

    @Test
    void leavesAServerThatIsNotWaitedForAnyLonger() throws Exception {
        var asked = CompletableFuture.supplyAsync(() -> {
            try {
                return client.text(url("stuck"), NodeName.Role.MANAGER);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        assertThat(stuck.await(60, TimeUnit.SECONDS)).isTrue();
        client.leave(url(""));
        assertThatThrownBy(asked::join).rootCause().isInstanceOfSatisfying(TransferException.class, e -> assertThat(
                        e.failure())
                .isEqualTo(Failure.SOURCE_LOST));
        released.countDown();
        assertThat(client.text(url("who"), NodeName.Role.MANAGER)).contains("w1");
    }
}
