package muster.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import muster.data.DataPlane;
import muster.data.FakePlane;
import muster.data.ObjectStore;
import muster.data.Sink;
import muster.data.TransferException;
import muster.data.TransferException.Failure;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FetchTest {
    private static final int PARTS = 4;
    private static final int PART_BYTES = 1000;
    private static final int BYTES = PARTS * PART_BYTES - 5;

    @TempDir
    private Path folder;

    private final FakePlane plane = new FakePlane();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<DataPlane.Server> servers = new ArrayList<>();
    private ObjectStore cache;
    private String object;
    private Path file;

    /** Answers, and counts how often. */
    private abstract class Source implements DataPlane.Service {
        final AtomicInteger asked = new AtomicInteger();
        private final NodeName.Role role;
        private final int port;

        Source(NodeName.Role role) throws IOException {
            this.role = role;
            var server =
                    plane.of(new NodeName(role, "n")).serve(new NodeIdentity("n", folder, folder, ""), "", 0, this);
            servers.add(server);
            port = server.port();
        }

        URI url() {
            return URI.create("https://127.0.0.1:" + port + "/" + object);
        }

        abstract DataPlane.Answer answer(int number) throws IOException;

        @Override
        public DataPlane.Answer get(NodeName peer, String path, List<String> avoid) throws IOException {
            return answer(asked.incrementAndGet());
        }

        @Override
        public Sink put(NodeName peer, String path, long bytes) {
            throw new AssertionError(role + " is sent nothing");
        }
    }

    @BeforeEach
    void make() throws IOException {
        cache = new ObjectStore(folder.resolve("cache"), Long.MAX_VALUE, false);
        var bytes = new byte[BYTES];
        new Random(3).nextBytes(bytes);
        file = Files.write(folder.resolve("file"), bytes);
        object = new ObjectStore(folder.resolve("other"), Long.MAX_VALUE, false).adopt(file);
    }

    @AfterEach
    void stop() {
        threads.shutdown();
        servers.forEach(DataPlane.Server::close);
    }

    /** One that sends what it is asked for, whole or not at all; and what it sends. */
    private Source sending(NodeName.Role role, Path what) throws IOException {
        return new Source(role) {
            @Override
            DataPlane.Answer answer(int number) {
                return new DataPlane.Answer.File(what);
            }
        };
    }

    /** A manager that sends the first part, names another, and no more until that has done something. */
    private Source managerBeside(Source other, CountDownLatch done) throws IOException {
        return new Source(NodeName.Role.MANAGER) {
            @Override
            DataPlane.Answer answer(int number) throws IOException {
                if (number > 1) {
                    await(done);
                }
                return new DataPlane.Answer.File(file, List.of(other.url()));
            }
        };
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private void fetch(Source manager) throws IOException {
        new Fetch(client(), cache, object, threads, PART_BYTES).run(manager.url());
        assertThat(cache.find(object).orElseThrow()).hasSameBinaryContentAs(file);
    }

    private DataPlane.Client client() {
        return plane.of(new NodeName(NodeName.Role.WORKER, "w1")).client(new NodeIdentity("w1", folder, folder, ""));
    }

    @Test
    void asksOneThatHasItAloneForTheBeginningAndTheRest() throws IOException {
        var manager = sending(NodeName.Role.MANAGER, file);

        fetch(manager);

        assertThat(manager.asked).hasValue(2);
    }

    @Test
    void takesPartsFromAllThatHaveIt() throws IOException {
        var sent = new CountDownLatch(2);
        var worker = new Source(NodeName.Role.WORKER) {
            @Override
            DataPlane.Answer answer(int number) {
                sent.countDown();
                return new DataPlane.Answer.File(file);
            }
        };
        var manager = managerBeside(worker, sent);

        fetch(manager);

        assertThat(worker.asked).hasValueGreaterThan(1);
        assertThat(manager.asked.get() + worker.asked.get()).isEqualTo(PARTS);
    }

    @Test
    void goesOnWithoutOneThatBreaksOff() throws IOException {
        var broke = new CountDownLatch(1);
        var worker = new Source(NodeName.Role.WORKER) {
            @Override
            DataPlane.Answer answer(int number) throws IOException {
                broke.countDown();
                throw new TransferException(Failure.SOURCE_LOST, "cut off");
            }
        };
        var manager = managerBeside(worker, broke);

        fetch(manager);

        assertThat(worker.asked).hasValue(1);
        assertThat(manager.asked).hasValue(PARTS);
    }

    @Test
    void goesOnWithoutTheManagerIfOthersHaveIt() throws IOException {
        var worker = sending(NodeName.Role.WORKER, file);
        var manager = new Source(NodeName.Role.MANAGER) {
            @Override
            DataPlane.Answer answer(int number) throws IOException {
                if (number > 1) {
                    throw new TransferException(Failure.SOURCE_LOST, "killed");
                }
                return new DataPlane.Answer.File(file, List.of(worker.url()));
            }
        };

        fetch(manager);

        assertThat(worker.asked).hasValue(PARTS - 1);
    }

    @Test
    void takesAllFromOneWhenThePartsAreNotOfOneFile() throws IOException {
        var sent = new CountDownLatch(1);
        var other = Files.write(folder.resolve("wrong"), new byte[BYTES]);
        var worker = new Source(NodeName.Role.WORKER) {
            @Override
            DataPlane.Answer answer(int number) {
                sent.countDown();
                return new DataPlane.Answer.File(other);
            }
        };

        fetch(managerBeside(worker, sent));
    }

    @Test
    void failsWithTheReasonOfTheLastThatHadIt() throws IOException {
        var manager = new Source(NodeName.Role.MANAGER) {
            @Override
            DataPlane.Answer answer(int number) throws IOException {
                throw new TransferException(Failure.SOURCE_GONE, "nobody has it any more");
            }
        };

        assertThatThrownBy(() -> new Fetch(client(), cache, object, threads, PART_BYTES).run(manager.url()))
                .hasMessage("nobody has it any more");
    }
}
