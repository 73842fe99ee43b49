package muster.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class RelayTest {
    private static final int SHORT_MILLIS = 200;

    private ServerSocket server;
    private Relay relay;
    private Socket near;
    private Socket far;

    @BeforeEach
    void connect() throws IOException {
        server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        relay = new Relay(server.getLocalPort());
        near = new Socket(InetAddress.getLoopbackAddress(), relay.port());
        far = server.accept();
        near.setSoTimeout(SHORT_MILLIS);
        far.setSoTimeout(SHORT_MILLIS);
    }

    @AfterEach
    void close() throws IOException {
        near.close();
        far.close();
        relay.close();
        server.close();
    }

    @Test
    void passesBothWays() throws IOException {
        near.setSoTimeout(0);
        far.setSoTimeout(0);
        near.getOutputStream().write(1);
        assertThat(far.getInputStream().read()).isEqualTo(1);
        far.getOutputStream().write(2);
        assertThat(near.getInputStream().read()).isEqualTo(2);
        near.close();
        assertThat(far.getInputStream().read()).isEqualTo(-1);
    }

    @Test
    void keepsBackWhatComesWhileItIsCutAndClosesNothing() throws IOException {
        relay.cut();
        near.getOutputStream().write(1);
        far.getOutputStream().write(2);
        assertThatThrownBy(() -> far.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        assertThatThrownBy(() -> near.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        relay.mend();
        near.setSoTimeout(0);
        far.setSoTimeout(0);
        assertThat(far.getInputStream().read()).isEqualTo(1);
        assertThat(near.getInputStream().read()).isEqualTo(2);
    }

    @Test
    void connectsNobodyWhileItIsCut() throws IOException {
        relay.cut();
        server.setSoTimeout(SHORT_MILLIS);
        try (var late = new Socket(InetAddress.getLoopbackAddress(), relay.port())) {
            assertThat(late.isConnected()).isTrue();
            assertThatThrownBy(server::accept).isInstanceOf(SocketTimeoutException.class);
            relay.mend();
            server.setSoTimeout(0);
            server.accept().close();
        }
    }
}
