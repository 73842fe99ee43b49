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
    private final Map<Long, CompletableFuture<A>> open = new ConcurrentHashMap<>();

    /**
     * Asks; fails with UNAVAILABLE if no answer comes.
     *
     * @param send sends the question of this number
     * @param silent what to say then
     */
    CompletableFuture<A> ask(LongConsumer send, Duration patience, Supplier<String> silent) {
        var request = requests.incrementAndGet();
        var answer = new CompletableFuture<A>();
        open.put(request, answer);
        send.accept(request);
        return answer.orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((value, error) -> open.remove(request))
                .exceptionallyCompose(error -> CompletableFuture.failedFuture(
                        error instanceof TimeoutException
                                ? new MusterException(ErrorCode.UNAVAILABLE, silent.get(), error)
                                : error));
    }

    void answered(long request, A value) {
        var answer = open.get(request);
        if (answer != null) {
            answer.complete(value);
        }
    }

    void failed(long request, MusterException error) {
        var answer = open.get(request);
        if (answer != null) {
            answer.completeExceptionally(error);
        }
    }
}
