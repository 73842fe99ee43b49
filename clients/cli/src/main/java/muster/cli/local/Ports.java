package muster.cli.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** The ports of a cluster on this machine. */
record Ports(int rest, int broker) {
    static final Ports DEFAULT = new Ports(7070, 7071);

    /** These, each replaced by a free one if it is taken. */
    Ports orFree() throws IOException {
        return new Ports(orFree(rest), orFree(broker));
    }

    private static int orFree(int port) throws IOException {
        try (var socket = open(port)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            try (var socket = open(0)) {
                return socket.getLocalPort();
            }
        }
    }

    private static ServerSocket open(int port) throws IOException {
        var socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }
}
