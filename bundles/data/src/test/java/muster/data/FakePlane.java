package muster.data;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import muster.data.TransferException.Failure;
import muster.transport.NodeIdentity;
import muster.transport.NodeName;
import org.jspecify.annotations.Nullable;

/** A data plane within one process, for tests: nodes call each other's services. */
public final class FakePlane {
    /** What was asked: {@code w1 GET /sha256:…}. */
    public final List<String> questions = new CopyOnWriteArrayList<>();

    private final Map<Integer, Node> nodes = new ConcurrentHashMap<>();
    private final AtomicInteger ports = new AtomicInteger(1000);

    private record Node(NodeName name, DataPlane.Service service) {}

    /** The plane as a node has it. */
    public DataPlane of(NodeName self) {
        return new DataPlane() {
            @Override
            public Server serve(NodeIdentity identity, String host, int port, Service service) {
                var taken = port == 0 ? ports.incrementAndGet() : port;
                nodes.put(taken, new Node(self, service));
                return new Server() {
                    @Override
                    public int port() {
                        return taken;
                    }

                    @Override
                    public void close() {
                        nodes.remove(taken);
                    }
                };
            }

            @Override
            public Client client(NodeIdentity identity) {
                return new FakeClient(self);
            }
        };
    }

    private final class FakeClient implements DataPlane.Client {
        private final NodeName self;

        FakeClient(NodeName self) {
            this.self = self;
        }

        private DataPlane.Service ask(String verb, URI url, NodeName.Role role) throws TransferException {
            questions.add(self.id() + " " + verb + " " + url.getRawPath());
            var node = nodes.get(url.getPort());
            if (node == null || node.name.role() != role) {
                throw new TransferException(Failure.SOURCE_LOST, url.getAuthority() + " cannot be reached");
            }
            return node.service;
        }

        @Override
        public DataPlane.Reply get(
                URI url, NodeName.Role role, List<String> avoid, DataPlane.@Nullable Part part, Sink sink)
                throws IOException {
            try {
                var answer = ask("GET", url, role).get(self, url.getRawPath(), avoid);
                if (answer instanceof DataPlane.Answer.Elsewhere elsewhere) {
                    sink.abort();
                    return new DataPlane.Reply.Elsewhere(elsewhere.places());
                }
                var others = answer instanceof DataPlane.Answer.File file ? file.others() : List.<URI>of();
                var bytes = answer instanceof DataPlane.Answer.File file
                        ? Files.readAllBytes(file.path())
                        : ((DataPlane.Answer.Text) answer).text().getBytes(StandardCharsets.UTF_8);
                var from = part == null ? 0 : (int) part.from();
                var length = part == null ? bytes.length : (int) Math.min(part.bytes(), bytes.length - from);
                sink.write(ByteBuffer.wrap(bytes, from, length));
                sink.complete();
                return new DataPlane.Reply.Done(bytes.length, others);
            } catch (IOException e) {
                sink.abort();
                throw e;
            }
        }

        @Override
        public boolean has(URI url, NodeName.Role role) throws IOException {
            try {
                var answer = ask("HEAD", url, role).get(self, url.getRawPath(), List.of());
                return !(answer instanceof DataPlane.Answer.Elsewhere);
            } catch (TransferException e) {
                return false;
            }
        }

        @Override
        public String text(URI url, NodeName.Role role) throws IOException {
            var answer = ask("GET", url, role).get(self, url.getRawPath(), List.of());
            return ((DataPlane.Answer.Text) answer).text();
        }

        @Override
        public void put(URI url, NodeName.Role role, Path file) throws IOException {
            take(url, role, Files.readAllBytes(file));
        }

        @Override
        public void putText(URI url, NodeName.Role role, String text) throws IOException {
            take(url, role, text.getBytes(StandardCharsets.UTF_8));
        }

        private void take(URI url, NodeName.Role role, byte[] bytes) throws IOException {
            var sink = ask("PUT", url, role).put(self, url.getRawPath(), bytes.length);
            sink.write(ByteBuffer.wrap(bytes));
            sink.complete();
        }

        @Override
        public void leave(URI url) {
            questions.add(self.id() + " LEAVE " + url.getAuthority());
        }

        @Override
        public void close() {}
    }
}
