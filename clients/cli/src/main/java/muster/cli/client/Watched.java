package muster.cli.client;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A stream that ends when nothing comes for too long: a machine that is gone closes no connection. */
final class Watched extends FilterInputStream {
    private static final ScheduledThreadPoolExecutor TIMER = new ScheduledThreadPoolExecutor(1, task -> {
        var thread = new Thread(task, "silence");
        thread.setDaemon(true);
        return thread;
    });

    static {
        // a fast stream sets many
        TIMER.setRemoveOnCancelPolicy(true);
    }

    private final Duration silence;

    Watched(InputStream in, Duration silence) {
        super(in);
        this.silence = silence;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        var end = TIMER.schedule(this::abandon, silence.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return super.read(bytes, offset, length);
        } finally {
            end.cancel(false);
        }
    }

    private void abandon() {
        try {
            close();
        } catch (IOException e) {
            // the reader meets the same
            return;
        }
    }
}
