package muster.executor.docker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import muster.api.AttemptId;
import muster.api.Cause;
import muster.api.ErrorKind;
import muster.api.MusterException;
import muster.api.Quantity;
import muster.api.Usage;
import muster.api.executor.Attempt;
import muster.api.executor.Outcome;
import muster.api.executor.Outcomes;
import muster.executor.docker.Container.Host;
import muster.executor.docker.Daemon.Alarm;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One attempt from its acceptance to its outcome, in whatever place it runs. All of it on the daemon's thread. */
final class Run implements Place.Guest {
    private static final Logger LOG = LoggerFactory.getLogger(Run.class);
    private static final Duration FIRST_SAMPLE = Duration.ofMillis(100);
    private static final Duration LONGEST_SAMPLE = Duration.ofSeconds(5);

    /**
     * What is said when the command cannot be executed: by a container's first process, tini or catatonit, or in one that
     * is warm by Docker or Podman.
     */
    private static final Pattern NOT_EXECUTED =
            Pattern.compile("\\[FATAL tini \\(\\d+\\)] exec .* failed|ERROR \\(catatonit:\\d+\\): failed to exec"
                    + "|OCI runtime exec failed: |Error: .*: OCI (runtime|permission) ");

    private static final int SIGNALED = 128;
    private static final int LAST_SIGNAL = 64;
    private static final int SIGKILL = 9;

    /** Where an attempt is. It only ever goes down this list. */
    private enum State {
        /** Its command has not started. */
        WAITING,
        RUNNING,
        /** Its command has ended, and what is left of it is being removed. */
        ENDING,
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

    private final Attempt attempt;
    private final Outcomes outcomes;
    private final Host host;
    private final BiFunction<Plan, Run, Place> places;
    private final Consumer<Run> forget;

    private State state = State.WAITING;
    private @Nullable Stop wanted;
    private @Nullable Plan plan;
    private @Nullable Place place;
    private @Nullable Streams streams;
    private String diskFailure = "";
    private @Nullable Outcome outcome;

    private @Nullable Alarm timeLimit;
    private @Nullable Alarm sample;
    private Duration sampleEvery = FIRST_SAMPLE;
    private Duration cpu = Duration.ZERO;
    private long peakMemoryBytes;

    /**
     * @param places gives a plan a place
     * @param forget is told once the outcome is
     */
    Run(Attempt attempt, Outcomes outcomes, Host host, BiFunction<Plan, Run, Place> places, Consumer<Run> forget) {
        this.attempt = attempt;
        this.outcomes = outcomes;
        this.host = host;
        this.places = places;
        this.forget = forget;
    }

    Attempt attempt() {
        return attempt;
    }

    AttemptId id() {
        return attempt.id();
    }

    private void become(State next) {
        if (next.compareTo(state) <= 0) {
            throw new IllegalStateException(attempt.id() + " cannot become " + next + ", it is " + state);
        }
        state = next;
    }

    // ---- beginning

    /** Gives it a place, unless it was stopped before. */
    void begin() {
        if (state != State.WAITING || wanted != null) {
            return;
        }
        try {
            var made = Plan.of(attempt, host.settings(), host.owner());
            plan = made;
            streams = new Streams(made, attempt);
            place = places.apply(made, this);
            place.begin();
        } catch (IOException e) {
            refuse(Cause.EXECUTOR, "its files cannot be opened: " + e);
        } catch (MusterException e) {
            refuse(e.kind() == ErrorKind.USER ? Cause.INVALID : Cause.EXECUTOR, String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            LOG.error("Attempt {} could not be started", attempt.id(), e);
            refuse(Cause.INTERNAL, "the docker executor failed: " + e);
        }
    }

    private void refuse(Cause cause, String message) {
        ended(Place.End.failed(cause, message));
        gone();
    }

    @Override
    public void started() {
        if (state != State.WAITING) {
            return;
        }
        become(State.RUNNING);
        try {
            outcomes.started(attempt.id());
        } catch (RuntimeException e) {
            LOG.error("The start of attempt {} was not heard", attempt.id(), e);
        }
        var input = streams == null ? null : streams.input();
        if (input != null && place != null) {
            place.send(input);
        }
        var daemon = host.daemon();
        var limit = attempt.task().timeLimit();
        if (limit != null && limit.compareTo(Duration.ofDays(36500)) < 0) {
            timeLimit = daemon.later(limit, () -> stop(Stop.TIME_LIMIT));
        }
        sample = daemon.later(sampleEvery, this::sample);
    }

    @Override
    public void received(ByteBuffer bytes) {
        var files = streams;
        if (files != null) {
            files.take(bytes);
            files.failure().ifPresent(failure -> {
                diskFailure = String.valueOf(failure.getMessage());
                stop(Stop.DISK);
            });
        }
    }

    private void sample() {
        if (state == State.RUNNING && place != null) {
            place.measure();
            sampleEvery = min(sampleEvery.multipliedBy(2), LONGEST_SAMPLE);
            sample = host.daemon().later(sampleEvery, this::sample);
        }
    }

    @Override
    public void measured(Place.Reading reading) {
        cpu = reading.cpu().compareTo(cpu) > 0 ? reading.cpu() : cpu;
        var memory = Math.max(reading.memoryBytes(), reading.highestMemoryBytes());
        peakMemoryBytes = Math.max(peakMemoryBytes, memory);
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    // ---- end

    /** Ends the attempt before its time, unless it is being ended already. */
    void stop(Stop why) {
        if (state.compareTo(State.RUNNING) > 0 || (wanted != null && why != Stop.SHUTDOWN)) {
            return;
        }
        wanted = why;
        if (place == null) {
            ended(Place.End.NOT_STARTED);
            gone();
        } else {
            place.stop(why == Stop.SHUTDOWN);
        }
    }

    /** Ends it without the daemon, which does not answer or is no longer heard. From the thread that closed it. */
    void abandon() {
        if (state != State.ENDED) {
            wanted = Stop.SHUTDOWN;
            gone();
        }
    }

    @Override
    public void ended(Place.End end) {
        for (var alarm : new Alarm[] {timeLimit, sample}) {
            if (alarm != null) {
                alarm.cancel();
            }
        }
        outcome = outcome(end);
        become(State.ENDING);
        if (streams != null) {
            streams.close();
        }
    }

    @Override
    public void gone() {
        become(State.ENDED);
        try {
            outcomes.ended(attempt.id(), outcome == null ? neverRan() : outcome);
        } finally {
            forget.accept(this);
        }
    }

    private Outcome outcome(Place.End end) {
        if (end.failure() != null) {
            return wanted != null && state == State.WAITING ? neverRan() : end.failure();
        }
        var usage = new Usage(end.wall(), cpu, peakMemoryBytes);
        var code = end.exitCode();
        var signal = code > SIGNALED && code <= SIGNALED + LAST_SIGNAL ? code - SIGNALED : 0;
        if (wanted != null) {
            return new Outcome(causeOf(wanted), signal == 0 ? code : -1, signal, reason(wanted), usage);
        }
        var memory = attempt.task().resources().memoryBytes();
        if (code != 0 && memory > 0 && (end.outOfMemory() || (signal == SIGKILL && !host.tellsMemory()))) {
            return new Outcome(
                    Cause.MEMORY_LIMIT,
                    -1,
                    signal,
                    "used more memory than its limit of " + Quantity.formatBytes(memory),
                    usage);
        }
        if (code != 0 && plan != null && streams != null) {
            var complaint = streams.firstLine();
            if (NOT_EXECUTED.matcher(complaint).lookingAt()) {
                return new Outcome(Cause.INVALID, -1, 0, plan.notRunnable(complaint), usage);
            }
        }
        return signal == 0 ? Outcome.exited(code, usage) : Outcome.killed(signal, usage);
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
}
