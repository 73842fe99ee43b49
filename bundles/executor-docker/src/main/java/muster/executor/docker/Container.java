package muster.executor.docker;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.ErrorKind;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Quantity;
import muster.api.Usage;
import muster.api.executor.Attempt;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import muster.api.executor.Pull;
import muster.executor.docker.Daemon.Alarm;
import muster.executor.docker.Exchange.Receiver;
import muster.executor.docker.Plan.Owner;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt from its acceptance to its outcome: its container is made, attached to, started, waited for, looked at and
 * removed, and then its outcome is told. All of it on the daemon's thread.
 */
final class Container {
    private static final Logger LOG = LoggerFactory.getLogger(Container.class);
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Duration FIRST_SAMPLE = Duration.ofMillis(100);
    private static final Duration LONGEST_SAMPLE = Duration.ofSeconds(5);

    /** What a container's first process says, tini or catatonit, when it cannot execute the command. */
    private static final Pattern NOT_EXECUTED =
            Pattern.compile("\\[FATAL tini \\(\\d+\\)] exec .* failed|ERROR \\(catatonit:\\d+\\): failed to exec");

    private static final int SIGNALED = 128;
    private static final int LAST_SIGNAL = 64;
    private static final int SIGKILL = 9;

    /** Where an attempt is. It only ever goes down this list. */
    private enum State {
        /** No container yet: its image is fetched, or it is being made. */
        MAKING,
        /** Its container is attached to and started. */
        STARTING,
        RUNNING,
        /** Its container is being removed. */
        REMOVING,
        /** Its outcome is told, or is just being told. */
        ENDED
    }

    /** Why an attempt is ended before its time. */
    enum Stop {
        CANCEL,
        TIME_LIMIT,
        /** Its output cannot be written. */
        DISK,
        /** The executor goes away; no grace is given. */
        SHUTDOWN
    }

    /** What all containers of an executor share. */
    interface Host {
        Daemon daemon();

        Images images();

        Gate gate();

        Settings settings();

        Owner owner();

        /** Whether its daemon says when memory ran out. */
        boolean tellsMemory();

        /** The outcome is told. */
        void forget(Container container);

        /** A container may be left. */
        void sweep();
    }

    private final Attempt attempt;
    private final Outcomes outcomes;
    private final Host host;
    private final Daemon daemon;

    private State state = State.MAKING;
    private @Nullable Stop wanted;
    private @Nullable Plan plan;
    /** Whether it has a place in the gate; whether the daemon is just making its container. */
    private boolean entered;

    private boolean creating;
    private String id = "";
    private @Nullable Exchange attached;
    private @Nullable Streams streams;
    private String diskFailure = "";

    private @Nullable Alarm timeLimit;
    private @Nullable Alarm sample;
    private Duration sampleEvery = FIRST_SAMPLE;
    private boolean drained;
    private long startNanos;
    private long endNanos;
    private Duration cpu = Duration.ZERO;
    private long peakMemoryBytes;

    Container(Attempt attempt, Outcomes outcomes, Host host) {
        this.attempt = attempt;
        this.outcomes = outcomes;
        this.host = host;
        daemon = host.daemon();
    }

    AttemptId attempt() {
        return attempt.id();
    }

    private void become(State next) {
        if (next.compareTo(state) <= 0) {
            throw new IllegalStateException(attempt.id() + " cannot become " + next + ", it is " + state);
        }
        state = next;
    }

    // ---- beginning

    /** Makes the container, unless the attempt was stopped before. */
    void begin() {
        if (state != State.MAKING || wanted != null) {
            return;
        }
        try {
            var made = Plan.of(attempt, host.settings(), host.owner());
            plan = made;
            if (made.pull() == Pull.ALWAYS) {
                pull(made);
            } else {
                create(made, made.pull() == Pull.MISSING);
            }
        } catch (MusterException e) {
            var cause = e.kind() == ErrorKind.USER ? Cause.INVALID : Cause.EXECUTOR;
            tell(Outcome.failure(cause, String.valueOf(e.getMessage())));
        } catch (RuntimeException e) {
            LOG.error("Attempt {} could not be started", attempt.id(), e);
            tell(Outcome.failure(Cause.INTERNAL, "the docker executor failed: " + e));
        }
    }

    private void pull(Plan ours) {
        host.images().pull(ours.image(), reply -> {
            if (state != State.MAKING) {
                return;
            }
            if (reply.ok()) {
                create(ours, false);
            } else {
                var unknown = reply.status() == 404
                        || reply.text().contains("not found")
                        || reply.text().contains("manifest unknown");
                tell(Outcome.failure(
                        unknown ? Cause.INVALID : Cause.EXECUTOR,
                        "image '" + Names.escape(ours.image()) + "' cannot be pulled: " + reply.message()));
            }
        });
    }

    private void create(Plan ours, boolean mayPull) {
        host.gate().enter(() -> {
            entered = true;
            if (state == State.MAKING) {
                createNow(ours, mayPull);
            } else {
                leave();
            }
        });
    }

    private void leave() {
        if (entered) {
            entered = false;
            host.gate().leave();
        }
    }

    private void createNow(Plan ours, boolean mayPull) {
        creating = true;
        daemon.call("POST", "/containers/create", ours.container(), LIMIT, reply -> {
            creating = false;
            if (reply.ok()) {
                id = reply.json().path("Id").asText();
                if (wanted == null && state == State.MAKING) {
                    become(State.STARTING);
                    attach(ours);
                } else {
                    remove(neverRan());
                }
            } else if (wanted != null) {
                tell(neverRan());
            } else if (reply.status() == 404 && mayPull) {
                leave();
                pull(ours);
            } else {
                tell(refusal(ours, reply));
            }
        });
    }

    private static Outcome refusal(Plan ours, Reply reply) {
        var image = "image '" + Names.escape(ours.image()) + "'";
        return switch (reply.status()) {
            case 404 ->
                Outcome.failure(
                        Cause.INVALID,
                        image + " is not on this worker"
                                + (ours.pull() == Pull.NEVER
                                        ? ", which pulls none; load it there, or allow pull = missing"
                                        : ": " + reply.message()));
            case 400 -> Outcome.failure(Cause.INVALID, "the container is refused: " + reply.message());
            default -> Outcome.failure(Cause.EXECUTOR, "the container cannot be made: " + reply.message());
        };
    }

    private void attach(Plan ours) {
        try {
            streams = new Streams(ours, attempt);
        } catch (IOException e) {
            remove(Outcome.failure(Cause.EXECUTOR, "output cannot be written: " + e));
            return;
        }
        var path =
                "/containers/" + id + "/attach?stream=1&stdout=1&stderr=1" + (ours.stdin() == null ? "" : "&stdin=1");
        attached = daemon.open("POST", path, Map.of("Connection", "Upgrade", "Upgrade", "tcp"), null, new Output(ours));
    }

    /** What the container prints. */
    private final class Output implements Receiver {
        private final Plan ours;
        private final StringBuilder refusal = new StringBuilder();
        private int status;

        Output(Plan ours) {
            this.ours = ours;
        }

        private boolean attached() {
            return status == 101 || status == 200;
        }

        @Override
        public void opened(int newStatus) {
            status = newStatus;
            if (attached() && state == State.STARTING) {
                startContainer(ours);
            }
        }

        @Override
        public void received(ByteBuffer bytes) {
            var files = streams;
            if (!attached()) {
                refusal.append(StandardCharsets.UTF_8.decode(bytes));
            } else if (files != null) {
                files.take(bytes);
                files.failure().ifPresent(failure -> {
                    diskFailure = String.valueOf(failure.getMessage());
                    stop(Stop.DISK);
                });
            }
        }

        @Override
        public void ended(@Nullable String failure) {
            drained = true;
            endNanos = System.nanoTime();
            if (!attached() && state == State.STARTING) {
                var why = failure == null ? new Reply(status, refusal.toString()).message() : failure;
                remove(Outcome.failure(Cause.EXECUTOR, "the container cannot be attached to: " + why));
            } else if (state == State.RUNNING) {
                inspect();
            }
        }
    }

    private void startContainer(Plan ours) {
        startNanos = System.nanoTime();
        daemon.call("POST", "/containers/" + id + "/start", null, LIMIT, reply -> {
            if (state != State.STARTING) {
                return;
            }
            if (!reply.ok() && reply.status() != 304) {
                remove(startFailure(ours, reply));
                return;
            }
            become(State.RUNNING);
            leave();
            tellStart();
            if (drained) {
                inspect();
                return;
            }
            sendInput(ours);
            var limit = attempt.task().timeLimit();
            if (limit != null && limit.compareTo(Duration.ofDays(36500)) < 0) {
                var ran = Duration.ofNanos(System.nanoTime() - startNanos);
                timeLimit = daemon.later(limit.minus(ran), () -> stop(Stop.TIME_LIMIT));
            }
            sample = daemon.later(sampleEvery, this::sample);
            if (wanted != null) {
                carryOut();
            }
        });
    }

    private Outcome startFailure(Plan ours, Reply reply) {
        if (wanted != null) {
            return neverRan();
        }
        var message = reply.message();
        var command = attempt.task().command();
        if (message.contains("executable file not found") || message.contains("exec: ")) {
            return Outcome.failure(Cause.INVALID, notRunnable(ours, command.isEmpty() ? "" : command.get(0), message));
        }
        return Outcome.failure(
                reply.status() == 400 || reply.status() == 404 ? Cause.INVALID : Cause.EXECUTOR,
                "the container cannot be started: " + message);
    }

    private static String notRunnable(Plan ours, String command, String why) {
        return "command '" + Names.escape(command) + "' cannot be run in image '" + Names.escape(ours.image()) + "': "
                + Names.escape(why.strip());
    }

    private void sendInput(Plan ours) {
        var exchange = attached;
        var file = ours.stdin();
        if (file != null && exchange != null) {
            try {
                exchange.send(attempt.asUser(() -> FileChannel.open(file)));
            } catch (IOException e) {
                LOG.warn("Standard input of attempt {} cannot be read: {}", attempt.id(), e.toString());
                exchange.fail("standard input cannot be read");
            }
        }
    }

    private void tellStart() {
        try {
            outcomes.started(attempt.id());
        } catch (RuntimeException e) {
            LOG.error("The start of attempt {} was not heard", attempt.id(), e);
        }
    }

    // ---- end

    /** Ends the attempt before its time, unless it is being ended already. */
    void stop(Stop why) {
        if (state.compareTo(State.RUNNING) > 0 || (wanted != null && why != Stop.SHUTDOWN)) {
            return;
        }
        wanted = why;
        if (state == State.MAKING && !creating) {
            tell(neverRan()); // not asked for yet, or its image is being fetched
        } else if (state == State.RUNNING) {
            carryOut();
        }
    }

    /** Ends it without the daemon, which does not answer or is no longer heard. From the thread that closed it. */
    void abandon() {
        entered = false;
        if (state != State.ENDED) {
            wanted = Stop.SHUTDOWN;
            tell(neverRan());
        }
    }

    private void carryOut() {
        var path = wanted == Stop.SHUTDOWN
                ? "/kill"
                : "/stop?t=" + Math.max(0, host.settings().grace().toSeconds());
        daemon.call("POST", "/containers/" + id + path, null, null, reply -> {
            if (!reply.ok() && reply.status() != 304 && state == State.RUNNING) {
                LOG.warn("Attempt {} could not be stopped: {}", attempt.id(), reply.message());
            }
        });
    }

    private void inspect() {
        daemon.call("GET", "/containers/" + id + "/json", null, LIMIT, reply -> {
            if (!reply.ok()) {
                lost(reply);
            } else if (isRunning(reply.json().path("State"))) {
                // it closed its output and goes on
                daemon.call("POST", "/containers/" + id + "/wait", null, null, waited -> {
                    endNanos = System.nanoTime();
                    if (waited.ok()) {
                        inspect();
                    } else {
                        lost(waited);
                    }
                });
            } else {
                remove(outcome(reply.json().path("State")));
            }
        });
    }

    /** Podman tells no exit code while it stops a container, and does not call it running. */
    private static boolean isRunning(JsonNode container) {
        return container.path("Running").asBoolean()
                || container.path("Status").asText().equals("stopping");
    }

    private void lost(Reply reply) {
        remove(Outcome.failure(Cause.EXECUTOR, "the daemon lost the container: " + reply.message()));
    }

    private Outcome outcome(JsonNode end) {
        var usage = new Usage(Duration.ofNanos(Math.max(0, endNanos - startNanos)), cpu, peakMemoryBytes);
        var code = end.path("ExitCode").asInt(-1);
        var signal = code > SIGNALED && code <= SIGNALED + LAST_SIGNAL ? code - SIGNALED : 0;
        var ours = plan;
        if (wanted != null) {
            return new Outcome(causeOf(wanted), signal == 0 ? code : -1, signal, reason(wanted), usage);
        }
        var memory = attempt.task().resources().memoryBytes();
        if (code != 0
                && memory > 0
                && (end.path("OOMKilled").asBoolean() || (signal == SIGKILL && !host.tellsMemory()))) {
            return new Outcome(
                    Cause.MEMORY_LIMIT,
                    -1,
                    signal,
                    "used more memory than its limit of " + Quantity.formatBytes(memory),
                    usage);
        }
        if (code != 0 && ours != null && streams != null) {
            var complaint = streams.startOfErrors();
            if (NOT_EXECUTED.matcher(complaint).lookingAt()) {
                var command = attempt.task().command();
                var text = notRunnable(ours, command.isEmpty() ? "" : command.get(0), complaint);
                return new Outcome(Cause.INVALID, -1, 0, text, usage);
            }
        }
        return signal == 0 ? Outcome.exited(code, usage) : Outcome.killed(signal, usage);
    }

    private void remove(Outcome outcome) {
        become(State.REMOVING);
        leave();
        for (var alarm : new Alarm[] {timeLimit, sample}) {
            if (alarm != null) {
                alarm.cancel();
            }
        }
        if (attached != null) {
            attached.fail("it is no longer needed");
        }
        if (streams != null) {
            streams.close();
        }
        removeContainer(daemon, id, reply -> {
            if (!reply.ok() && reply.status() != 404) {
                LOG.warn("The container of attempt {} may be left: {}", attempt.id(), reply.message());
                host.sweep();
            }
            tell(outcome);
        });
    }

    /** Removes a container, whatever it does. */
    static void removeContainer(Daemon daemon, String id, Consumer<Reply> then) {
        daemon.call("DELETE", "/containers/" + id + "?force=true&v=true", null, LIMIT, then);
    }

    private Outcome neverRan() {
        return wanted == Stop.SHUTDOWN
                ? Outcome.failure(Cause.EXECUTOR, reason(Stop.SHUTDOWN))
                : Outcome.failure(Cause.CANCELED, "canceled before it started");
    }

    private static Cause causeOf(Stop stop) {
        return switch (stop) {
            case CANCEL -> Cause.CANCELED;
            case TIME_LIMIT -> Cause.TIME_LIMIT;
            case DISK -> Cause.DISK_LIMIT;
            case SHUTDOWN -> Cause.EXECUTOR;
        };
    }

    private String reason(Stop stop) {
        var limit = attempt.task().timeLimit();
        return switch (stop) {
            case CANCEL -> "canceled";
            case TIME_LIMIT ->
                "ran longer than its time limit of " + Quantity.formatDuration(limit == null ? Duration.ZERO : limit);
            case DISK -> "its output cannot be written: " + diskFailure;
            case SHUTDOWN -> "the docker executor was stopped";
        };
    }

    private void tell(Outcome outcome) {
        become(State.ENDED);
        leave();
        try {
            outcomes.ended(attempt.id(), outcome);
        } finally {
            host.forget(this);
        }
    }

    // ---- meanwhile

    private void sample() {
        if (state != State.RUNNING || drained) {
            return;
        }
        daemon.call("GET", "/containers/" + id + "/stats?stream=false&one-shot=true", null, LIMIT, reply -> {
            if (reply.ok()) {
                measured(reply.json());
            }
            if (state == State.RUNNING && !drained) {
                sampleEvery = min(sampleEvery.multipliedBy(2), LONGEST_SAMPLE);
                sample = daemon.later(sampleEvery, this::sample);
            }
        });
    }

    private void measured(JsonNode stats) {
        var used = Duration.ofNanos(
                stats.path("cpu_stats").path("cpu_usage").path("total_usage").asLong());
        cpu = used.compareTo(cpu) > 0 ? used : cpu;
        var memory = stats.path("memory_stats");
        var now =
                Math.max(memory.path("usage").asLong(), memory.path("max_usage").asLong());
        peakMemoryBytes = Math.max(peakMemoryBytes, now);
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
