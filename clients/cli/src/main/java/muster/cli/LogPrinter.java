package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import muster.cli.client.Client;
import muster.cli.client.Failure;
import muster.cli.terminal.Colour;
import muster.cli.terminal.Terminal;

/** Prints what tasks wrote: standard output to ours, standard error to ours. */
final class LogPrinter {
    private final Client client;
    private final Terminal terminal;

    LogPrinter(Client client, Terminal terminal) {
        this.client = client;
        this.terminal = terminal;
    }

    /** Prints the streams of one task; those that are followed, at the same time. */
    void print(String task, List<String> streams, boolean follow) throws IOException {
        if (!follow || streams.size() == 1) {
            for (var stream : streams) {
                client.copyLog(task, stream, follow, target(stream));
            }
            return;
        }
        var failures = new ArrayList<Failure>();
        var second = new Thread(
                () -> {
                    try {
                        client.copyLog(task, streams.get(1), true, target(streams.get(1)));
                    } catch (IOException e) {
                        // whoever read it has gone
                        Thread.currentThread().interrupt();
                    } catch (Failure failure) {
                        failures.add(failure);
                    }
                },
                "copy-" + streams.get(1));
        second.setDaemon(true);
        second.start();
        client.copyLog(task, streams.get(0), true, target(streams.get(0)));
        try {
            second.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!failures.isEmpty()) {
            throw failures.get(0);
        }
    }

    /** Prints the streams of one task of many, each under a title once there is something. */
    void printTitled(JsonNode task, List<String> streams, boolean follow) throws IOException {
        var id = task.path("id").asText();
        var name = task.path("name").asText();
        for (var stream : streams) {
            var target = target(stream);
            var title = "==> " + id + (name.isEmpty() ? "" : " " + Terminal.safe(name)) + " " + stream + " <==";
            client.copyLog(id, stream, follow, new OutputStream() {
                private boolean titled;

                @Override
                public void write(int b) throws IOException {
                    write(new byte[] {(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                    if (!titled) {
                        titled = true;
                        target.println(terminal.paint(Colour.BOLD, title));
                    }
                    target.write(bytes, offset, length);
                    if (target.checkError()) {
                        throw new IOException("standard output is closed");
                    }
                }
            });
        }
    }

    private PrintStream target(String stream) {
        return stream.equals("stdout") ? terminal.out() : terminal.err();
    }
}
