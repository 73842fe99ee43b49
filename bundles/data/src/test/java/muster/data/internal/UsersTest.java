package muster.data.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.data.Authority;
import muster.data.DataPlane;
import muster.data.Sink;
import muster.transport.NodeName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who has no certificate of the cluster, and a key. */
final class UsersTest {
    @TempDir
    private Path folder;

    private final HttpDataPlane plane = new HttpDataPlane();
    private Authority authority;
    private Path large;
    private HttpClient http;

    /** Answers users whose key is {@code good}. */
    private class Open implements DataPlane.Service {
        @Override
        public DataPlane.Answer get(NodeName peer, String path, List<String> avoid) {
            return new DataPlane.Answer.Text("to " + peer);
        }

        @Override
        public Sink put(NodeName peer, String path, long bytes) {
            throw new AssertionError("nobody may put anything");
        }

        @Override
        public boolean answersUsers() {
            return true;
        }

        @Override
        public DataPlane.Answer user(String key, String path) throws IOException {
            if (!key.equals("good")) {
                throw new MusterException(ErrorCode.UNAUTHENTICATED, "who are you?");
            }
            return switch (path) {
                case "/file" ->
                    new DataPlane.Answer.Opened(
                            FileChannel.open(Files.writeString(folder.resolve("file"), "all of it")));
                case "/large" -> new DataPlane.Answer.Opened(FileChannel.open(large));
                default -> new DataPlane.Answer.Bytes((path + " is here").getBytes(StandardCharsets.UTF_8));
            };
        }
    }

    @BeforeEach
    void start() throws Exception {
        authority = new Authority(folder.resolve("authority"));
        large = folder.resolve("large");
        var context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Anyone()}, null);
        http = HttpClient.newBuilder().sslContext(context).build();
    }

    @AfterEach
    void stop() {
        plane.close();
    }

    private static HttpRequest.Builder request(DataPlane.Server server, String path, String key) {
        var request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + server.port() + path));
        return key.isEmpty() ? request : request.header("Authorization", "Bearer " + key);
    }

    private String ask(HttpRequest.Builder request) throws Exception {
        var response = http.send(request.build(), BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }

    @Test
    void areAnsweredByTheirKey() throws Exception {
        try (var server = plane.serve(authority.worker("w1"), "127.0.0.1", 0, new Open())) {
            assertThat(ask(request(server, "/a?b=c", "good"))).isEqualTo("200 /a?b=c is here");
            assertThat(ask(request(server, "/file", "good"))).isEqualTo("200 all of it");
            assertThat(ask(request(server, "/a", "bad"))).isEqualTo("401 who are you?");
            assertThat(ask(request(server, "/a", ""))).isEqualTo("401 who are you?");
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void areCutOffWhereAFileBecomesShorterWhileItIsSent() throws Exception {
        try (var server = plane.serve(authority.worker("w1"), "127.0.0.1", 0, new Open());
                var file = FileChannel.open(large, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.allocate(1), (64 << 20) - 1);
            var answer = http.send(request(server, "/large", "good").build(), BodyHandlers.ofInputStream());
            try (var body = answer.body()) {
                body.readNBytes(1 << 20);
                file.truncate(1 << 20);

                assertThatThrownBy(() -> body.transferTo(OutputStream.nullOutputStream()))
                        .isInstanceOf(IOException.class);
            }
            assertThat(ask(request(server, "/a", "good"))).isEqualTo("200 /a is here");
        }
    }

    @Test
    void mayChangeNothing() throws Exception {
        try (var server = plane.serve(authority.worker("w1"), "127.0.0.1", 0, new Open())) {
            assertThat(ask(request(server, "/sha256:" + "0".repeat(64), "good").PUT(BodyPublishers.ofString("x"))))
                    .startsWith("403 ");
            assertThat(ask(request(server, "/a", "good").DELETE())).startsWith("403 ");
        }
    }

    @Test
    void areNoNodes() throws Exception {
        try (var server = plane.serve(authority.worker("w1"), "127.0.0.1", 0, new Open());
                var node = plane.client(authority.worker("w2"))) {
            var url = URI.create("https://127.0.0.1:" + server.port() + "/a");
            assertThat(node.text(url, NodeName.Role.WORKER)).isEqualTo("to muster://worker/w2");
        }
    }

    @Test
    void doNotComeInWhereNodesAloneMay() throws Exception {
        var closed = new Open() {
            @Override
            public boolean answersUsers() {
                return false;
            }
        };
        try (var server = plane.serve(authority.worker("w1"), "127.0.0.1", 0, closed)) {
            assertThatThrownBy(() -> ask(request(server, "/a", "good"))).isInstanceOf(IOException.class);
        }
    }

    /** Looks at no certificate. */
    private static final class Anyone extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
