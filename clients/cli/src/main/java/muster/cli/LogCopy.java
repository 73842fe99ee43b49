package muster.cli;

import java.io.IOException;
import muster.cli.client.Failure;
import muster.cli.client.TaskLog;
import muster.cli.terminal.Terminal;

/** Follows one stream of a task in a thread of its own. */
final class LogCopy {
    private final TaskLog log;
    private final String what;
    private final Terminal terminal;
    private final Thread thread;

    private LogCopy(TaskLog log, String what, Terminal terminal) {
        this.log = log;
        this.what = what;
        this.terminal = terminal;
        this.thread = new Thread(() -> run(false), what);
        thread.setDaemon(true);
    }

    static LogCopy start(TaskLog log, String task, String stream, Terminal terminal) {
        var copy = new LogCopy(log, stream + " of task " + task, terminal);
        copy.thread.start();
        return copy;
    }

    private void run(boolean rest) {
        try {
            if (rest) {
                log.copy();
            } else {
                log.follow();
            }
        } catch (IOException e) {
            // whoever reads our output has gone: the end of the task is still worth waiting for
            return;
        } catch (Failure failure) {
            terminal.tell("no " + what + ": " + failure.getMessage());
        }
    }

    /** Waits until the task has ended and all is copied. */
    void await() {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** For a task that has ended: copies the rest at once. */
    void finish() {
        log.stop();
        await();
        run(true);
    }
}
