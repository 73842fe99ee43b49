package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.TaskLog;
import muster.cli.terminal.Interrupts;
import muster.cli.terminal.OutputClosed;
import muster.cli.terminal.Progress;
import muster.cli.terminal.Terminal;

/** Waits for a job and shows how far it is. */
final class JobWatch {
    private static final Duration SECOND_PRESS = Duration.ofSeconds(2);

    private final Client client;
    private final Terminal terminal;
    private final AtomicLong copied = new AtomicLong();
    private volatile boolean silent;

    /** @param client one that is patient, if the wait shall outlast a restart of the manager */
    JobWatch(Client client, Terminal terminal) {
        this.client = client;
        this.terminal = terminal;
    }

    /**
     * From now on Ctrl-C leaves the job alone and ends this process; a second one cancels the job, a third does not wait for
     * that.
     */
    void detachOnInterrupt(String job) {
        var presses = new AtomicInteger();
        Interrupts.onInterrupt(() -> {
            var press = presses.incrementAndGet();
            if (press == 1) {
                silent = true;
                terminal.err().println();
                terminal.tell("detached; job " + job + " goes on. Come back with: muster job wait " + job
                        + "  (Ctrl-C again within 2 s cancels it)");
                var exit = new Thread(() -> exitUnlessPressedAgain(presses), "detach");
                exit.setDaemon(true);
                exit.start();
                return;
            }
            if (press == 2) {
                cancel(job);
            }
            Runtime.getRuntime().halt(ExitCode.INTERRUPTED);
        });
    }

    private static void exitUnlessPressedAgain(AtomicInteger presses) {
        try {
            Thread.sleep(SECOND_PRESS.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (presses.get() == 1) {
            Runtime.getRuntime().halt(ExitCode.INTERRUPTED);
        }
    }

    private void cancel(String job) {
        try {
            client.post(Client.path("jobs", job, "cancel"));
            terminal.tell("canceled job " + job);
        } catch (Failure failure) {
            terminal.tell("job " + job + " is not canceled: " + failure.getMessage());
        }
    }

    /** What becomes of what a single task writes. */
    enum Output {
        NONE,
        /** Passed on as it comes. */
        LIVE,
        /** Passed on after the end: where attempts may follow one another, only the last one's counts. */
        AT_END
    }

    /**
     * Waits until a job has ended.
     *
     * @param job as the manager told it last
     */
    JsonNode untilEnd(JsonNode job, Output output) {
        var single = "single".equals(job.path("kind").asText());
        var id = job.path("id").asText();
        var progress = new Progress(terminal, single);
        var copies = new ArrayList<LogCopy>();
        if (single && output == Output.LIVE) {
            copies.add(LogCopy.start(log(id, "stdout", terminal.out(), progress), id + ".0", "stdout", terminal));
            copies.add(LogCopy.start(log(id, "stderr", terminal.err(), progress), id + ".0", "stderr", terminal));
        }
        var path = Client.path("jobs", id) + "?wait=" + (terminal.errIsTerminal() ? "500ms" : "10s");
        var now = job;
        var idle = new Idle(client, terminal, Idle.PATIENCE);
        while (!ended(now)) {
            show(progress, now);
            if (!silent) {
                idle.look(now, progress);
            }
            now = client.get(path);
        }
        show(progress, now);
        if (single) {
            progress.clear();
        } else if (terminal.errIsTerminal() && !silent) {
            terminal.err().println();
        }
        copies.forEach(LogCopy::finish);
        if (single && output == Output.AT_END) {
            copyAtEnd(id, progress);
        } else if (!copies.isEmpty()) {
            warnOfSeveralAttempts(id);
        }
        return now;
    }

    private TaskLog log(String job, String stream, PrintStream to, Progress progress) {
        return new TaskLog(client, job + ".0", stream, new Passing(to, progress));
    }

    private void copyAtEnd(String job, Progress progress) {
        try {
            log(job, "stdout", terminal.out(), progress).copy();
            log(job, "stderr", terminal.err(), progress).copy();
        } catch (IOException e) {
            // whoever reads our output has gone
            silent = true;
        }
    }

    /** A worker that was lost makes a second attempt of a task that has none left: what it wrote before is out already. */
    private void warnOfSeveralAttempts(String job) {
        var attempts =
                client.get(Client.path("tasks", job + ".0")).path("attempts").size();
        if (attempts > 1) {
            terminal.tell("task " + job + ".0 ran " + attempts + " times and what is above may be of several; its last"
                    + " output: muster task logs " + job + ".0");
        }
    }

    static boolean ended(JsonNode job) {
        return switch (job.path("state").asText()) {
            case "succeeded", "failed", "canceled" -> true;
            default -> false;
        };
    }

    private void show(Progress progress, JsonNode job) {
        if (silent) {
            return;
        }
        if ("single".equals(job.path("kind").asText())) {
            if (copied.get() == 0 && !ended(job)) {
                progress.note("job " + job.path("id").asText() + " is "
                        + job.path("state").asText());
            }
            return;
        }
        var tasks = job.path("tasks");
        var name = job.path("name").asText();
        progress.show(
                new Progress.Snapshot(
                        Terminal.safe(name.isEmpty() ? "job " + job.path("id").asText() : name),
                        job.path("size").asInt(),
                        endedTasks(tasks),
                        tasks.path("running").asInt(),
                        tasks.path("failed").asInt(),
                        elapsed(job)),
                terminal.errIsTerminal() ? categories(job) : List.of());
    }

    /** How far each category is; nothing if there is but one. */
    private List<Progress.Snapshot> categories(JsonNode job) {
        if (!"graph".equals(job.path("kind").asText())) {
            return List.of();
        }
        var items = client.get(Client.path("jobs", job.path("id").asText(), "categories"))
                .path("items");
        var parts = new ArrayList<Progress.Snapshot>();
        for (var category : items) {
            var tasks = category.path("tasks");
            parts.add(new Progress.Snapshot(
                    Terminal.safe(category.path("name").asText()),
                    category.path("size").asInt(),
                    endedTasks(tasks),
                    tasks.path("running").asInt(),
                    tasks.path("failed").asInt(),
                    Duration.ZERO));
        }
        return parts.size() > 1 ? parts : List.of();
    }

    private static int endedTasks(JsonNode tasks) {
        return tasks.path("succeeded").asInt()
                + tasks.path("failed").asInt()
                + tasks.path("canceled").asInt()
                + tasks.path("ignored").asInt();
    }

    /** From the start of a job's first task to its end, or to now. */
    static Duration elapsed(JsonNode job) {
        if (!job.path("startedAt").isTextual()) {
            return Duration.ZERO;
        }
        var start = Instant.parse(job.path("startedAt").textValue());
        var end = job.path("finishedAt").isTextual()
                ? Instant.parse(job.path("finishedAt").textValue())
                : Instant.now();
        var elapsed = Duration.between(start, end);
        return elapsed.isNegative() ? Duration.ZERO : elapsed;
    }

    /** Counts what passes, and keeps progress out of it. */
    private final class Passing extends FilterOutputStream {
        private final PrintStream to;
        private final Progress progress;

        Passing(PrintStream to, Progress progress) {
            super(to);
            this.to = to;
            this.progress = progress;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (silent) {
                return;
            }
            if (copied.getAndAdd(length) == 0) {
                progress.clear();
            }
            to.write(bytes, offset, length);
            if (to.checkError()) {
                throw new OutputClosed();
            }
        }
    }

    /** The exit code that an ended job gives, said on standard error where the task itself has not said it. */
    int exitCode(JsonNode job) {
        return exitCode(job, Map.of());
    }

    /**
     * Likewise.
     *
     * @param commands of tasks, by name, to tell what failed
     */
    int exitCode(JsonNode job, Map<String, String> commands) {
        var id = job.path("id").asText();
        var state = job.path("state").asText();
        if (state.equals("succeeded")) {
            return ExitCode.OK;
        }
        if (state.equals("canceled")) {
            terminal.tell("job " + id + " was canceled" + reason(job));
            return ExitCode.USER;
        }
        var failed = client.get("/tasks?job=" + id + "&state=failed&limit=1")
                .path("items")
                .path(0);
        if (failed.isMissingNode()) {
            // the script that drives it, and none of its tasks
            terminal.tell("job " + id + " failed" + reason(job));
            return ExitCode.USER;
        }
        var attempt = TaskCommands.lastAttempt(failed);
        var cause = attempt.path("cause").asText("");
        var single = "single".equals(job.path("kind").asText());
        if (!single || !cause.equals("exit_code")) {
            var count = job.path("tasks").path("failed").asInt();
            terminal.tell((single
                            ? ""
                            : "job " + id + " failed: " + count + " of "
                                    + job.path("size").asInt() + " tasks; the first is ")
                    + TaskCommands.failure(failed));
            var command = commands.get(failed.path("name").asText());
            if (command != null) {
                terminal.err()
                        .println("  command: "
                                + command.lines().map(Terminal::safe).collect(Collectors.joining("\n    ")));
            }
            if (!single) {
                attempt.path("stderrTail").asText("").lines().forEach(line -> terminal.err()
                        .println("  " + Terminal.safe(line)));
                terminal.err()
                        .println("to run it alone, here: muster task shell "
                                + failed.path("id").asText() + " | sh; to queue what failed again: muster job retry "
                                + id);
            }
        }
        return switch (cause) {
            case "exit_code" -> attempt.path("exitCode").asInt(1);
            case "signal" -> 128 + attempt.path("signal").asInt();
            default -> ExitCode.ofKind(attempt.path("kind").asText("internal"));
        };
    }

    private static String reason(JsonNode job) {
        var message = job.path("message").asText("");
        return message.isEmpty() ? "" : ": " + Terminal.safe(message);
    }
}
