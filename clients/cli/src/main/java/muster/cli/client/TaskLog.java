package muster.cli.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Copies one stream of a task from where it was, also after the manager was away or the copying was stopped. Copied by
 * one thread at a time; stopped by any.
 */
public final class TaskLog {
    private static final int BUFFER_BYTES = 1 << 16;

    private final Client client;
    private final String path;
    private final OutputStream out;
    private long offset;
    private boolean stopped;
    private @Nullable InputStream open;

    /** @param stream {@code stdout} or {@code stderr} */
    public TaskLog(Client client, String task, String stream, OutputStream out) {
        this.client = client;
        this.path = Client.path("tasks", task, "logs") + "?stream=" + stream;
        this.out = out;
    }

    /**
     * Copies what is there now.
     *
     * @throws IOException if {@code out} takes no more
     */
    public void copy() throws IOException {
        copy(false);
    }

    /**
     * Copies what is there and comes until the task has ended, or this is stopped.
     *
     * @throws IOException if {@code out} takes no more
     */
    public void follow() throws IOException {
        copy(true);
    }

    /** Makes {@link #follow} return. */
    public void stop() {
        InputStream stream;
        synchronized (this) {
            stopped = true;
            stream = open;
        }
        if (stream != null) {
            try {
                stream.close();
            } catch (IOException e) {
                // the reader meets the same and returns
                return;
            }
        }
    }

    private void copy(boolean follow) throws IOException {
        var buffer = new byte[BUFFER_BYTES];
        while (true) {
            try (var in = client.open(path + "&follow=" + follow + "&offset=" + offset, Duration.ofDays(365))) {
                if (!opened(in, follow)) {
                    return;
                }
                var count = read(in, buffer);
                while (count > 0) {
                    out.write(buffer, 0, count);
                    out.flush();
                    offset += count;
                    count = read(in, buffer);
                }
                if (count < 0) {
                    return;
                }
            }
            if (follow && stopped()) {
                return;
            }
            Patience.pause();
        }
    }

    private synchronized boolean opened(InputStream in, boolean follow) {
        open = in;
        return !follow || !stopped;
    }

    private synchronized boolean stopped() {
        return stopped;
    }

    /** Bytes read; 0 if the connection broke, -1 at the end. */
    private int read(InputStream in, byte[] buffer) {
        try {
            return in.read(buffer);
        } catch (IOException e) {
            if (!stopped()) {
                client.requirePatience(e);
            }
            return 0;
        }
    }
}
