package muster.api.executor;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import muster.api.AttemptId;

/** Keeps what an executor tells, in order, and waits for it. */
public final class RecordingOutcomes implements Outcomes {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final List<String> told = new ArrayList<>();
    private final Map<AttemptId, CompletableFuture<Void>> starts = new ConcurrentHashMap<>();
    private final Map<AttemptId, CompletableFuture<Outcome>> ends = new ConcurrentHashMap<>();

    @Override
    public void started(AttemptId attempt) {
        synchronized (told) {
            told.add("started " + attempt);
        }
        start(attempt).complete(null);
    }

    @Override
    public void ended(AttemptId attempt, Outcome outcome) {
        synchronized (told) {
            told.add("ended " + attempt);
        }
        end(attempt).complete(outcome);
    }

    /** Waits until the attempt began to run. */
    public void awaitStart(Attempt attempt) {
        get(start(attempt.id()), attempt + " did not start");
    }

    /** Waits for the attempt's end. */
    public Outcome awaitEnd(Attempt attempt) {
        return get(
                end(attempt.id()),
                attempt.id() + " did not end; its command: " + attempt.task().command());
    }

    /** Whether the end of this attempt has been told. */
    public boolean hasEnded(Attempt attempt) {
        return end(attempt.id()).isDone();
    }

    /** Each of these was told to have ended exactly once, and to have started at most once and before. */
    public void assertEndedOnce(List<? extends Attempt> attempts) {
        List<String> seen;
        synchronized (told) {
            seen = List.copyOf(told);
        }
        for (var attempt : attempts) {
            assertThat(seen.stream().filter(line -> line.endsWith(" " + attempt.id())))
                    .isIn(
                            List.of("ended " + attempt.id()),
                            List.of("started " + attempt.id(), "ended " + attempt.id()));
        }
    }

    private CompletableFuture<Void> start(AttemptId attempt) {
        return starts.computeIfAbsent(attempt, id -> new CompletableFuture<>());
    }

    private CompletableFuture<Outcome> end(AttemptId attempt) {
        return ends.computeIfAbsent(attempt, id -> new CompletableFuture<>());
    }

    private static <T> T get(CompletableFuture<T> future, String complaint) {
        try {
            return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError(complaint + " within " + PATIENCE.toSeconds() + " s", e);
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(complaint, e);
        }
    }
}
