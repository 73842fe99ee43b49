package muster.manager;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import muster.api.ErrorCode;
import muster.api.MusterException;

/** What workers were asked and have not answered. Thread-safe. */
final class Questions<A> {
    private final AtomicLong requests = new AtomicLong();
    private final Map<Asked, CompletableFuture<A>> open = new ConcurrentHashMap<>();

    /** Whoever else answers is not heard: numbers are easy to guess. */
    private record Asked(String worker, long request) {}

    /**
     * Asks a worker; fails with UNAVAILABLE if no answer comes.
     *
     * @param send sends the question of this number
     * @param silent what to say then
     */
    CompletableFuture<A> ask(String worker, LongConsumer send, Duration patience, Supplier<String> silent) {
        var request = requests.incrementAndGet();
        var asked = new Asked(worker, request);
        var answer = new CompletableFuture<A>();
        open.put(asked, answer);
        send.accept(request);
        return answer.orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((value, error) -> open.remove(asked))
                .exceptionallyCompose(error -> CompletableFuture.failedFuture(
                        error instanceof TimeoutException
                                ? new MusterException(ErrorCode.UNAVAILABLE, silent.get(), error)
                                : error));
    }

    void answered(String worker, long request, A value) {
        var answer = open.get(new Asked(worker, request));
        if (answer != null) {
            answer.complete(value);
        }
    }

    void failed(String worker, long request, MusterException error) {
        var answer = open.get(new Asked(worker, request));
        if (answer != null) {
            answer.completeExceptionally(error);
        }
    }
}
