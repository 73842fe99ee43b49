package muster.cli.chaos;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Passes TCP connections on to a port of this machine until it is cut: then nothing passes either way and nothing is
 * closed, as when a cable is pulled. Once mended, what waited goes on.
 */
final class Relay implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 << 10;

    private final ServerSocket server;
    private final int target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Object gate = new Object();
    private boolean cut;

    Relay(int target) throws IOException {
        this.target = target;
        server = new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
        start("accept", this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    void cut() {
        synchronized (gate) {
            cut = true;
        }
    }

    void mend() {
        synchronized (gate) {
            cut = false;
            gate.notifyAll();
        }
    }

    private void pass() throws InterruptedException {
        synchronized (gate) {
            while (cut) {
                gate.wait();
            }
        }
    }

    private void accept() throws IOException, InterruptedException {
        while (true) {
            var near = server.accept();
            sockets.add(near);
            start("connect", () -> connect(near));
        }
    }

    private void connect(Socket near) throws IOException, InterruptedException {
        var far = new Socket();
        sockets.add(far);
        try {
            pass();
            far.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
            start("back", () -> copy(far, near));
            copy(near, far);
        } finally {
            close(near);
            close(far);
        }
    }

    private void copy(Socket from, Socket to) throws IOException, InterruptedException {
        try {
            var in = from.getInputStream();
            var out = to.getOutputStream();
            var buffer = new byte[BUFFER_BYTES];
            for (var count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                pass();
                out.write(buffer, 0, count);
            }
            // the end of a connection does not pass a cut either
            pass();
        } finally {
            close(from);
            close(to);
        }
    }

    private interface Step {
        void run() throws IOException, InterruptedException;
    }

    private static void start(String name, Step step) {
        var thread = new Thread(
                () -> {
                    try {
                        step.run();
                    } catch (IOException e) {
                        // one side has ended the connection, and so it ends for the other
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "relay-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private void close(Socket socket) {
        sockets.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            // it is gone either way
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        mend();
        sockets.forEach(this::close);
    }
}
