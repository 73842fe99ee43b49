package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.List;
import muster.cli.client.Client;
import muster.cli.client.TaskLog;
import muster.cli.terminal.Colour;
import muster.cli.terminal.OutputClosed;
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
        if (!follow) {
            for (var stream : streams) {
                new TaskLog(client, task, stream, target(stream)).copy();
            }
            return;
        }
        var copies = streams.stream()
                .map(stream -> LogCopy.start(new TaskLog(client, task, stream, target(stream)), task, stream, terminal))
                .toList();
        for (var copy : copies) {
            copy.await();
        }
    }

    /** Prints the streams of one task of many, each under a title once there is something. */
    void printTitled(JsonNode task, List<String> streams, boolean follow) throws IOException {
        var id = task.path("id").asText();
        var name = task.path("name").asText();
        for (var stream : streams) {
            var target = target(stream);
            var title = "==> " + id + (name.isEmpty() ? "" : " " + Terminal.safe(name)) + " " + stream + " <==";
            var titled = new OutputStream() {
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
                        throw new OutputClosed();
                    }
                }
            };
            var log = new TaskLog(client, id, stream, titled);
            if (follow) {
                log.follow();
            } else {
                log.copy();
            }
        }
    }

    private PrintStream target(String stream) {
        return stream.equals("stdout") ? terminal.out() : terminal.err();
    }
}
