package muster.worker;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import muster.api.ExecutorView;
import muster.api.executor.Attempt;
import muster.api.executor.Availability;
import muster.api.executor.Executor;
import muster.api.executor.Outcomes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExecutorRegistryTest {
    private final ExecutorRegistry registry = new ExecutorRegistry(Duration.ofMillis(20), "");
    private final AtomicInteger changes = new AtomicInteger();

    @AfterEach
    void close() {
        registry.close();
    }

    @Test
    void offersAnExecutorOnceItIsProbed() {
        registry.onChange(changes::incrementAndGet);
        var executor = new FakeExecutor();

        registry.add("fake", executor);

        eventually("it is told", () -> changes.get() > 0);
        assertThat(registry.available("fake")).isSameAs(executor);
        assertThat(registry.views()).containsExactly(new ExecutorView("fake", true, ""));
        assertThat(registry.whyNot("other")).isEqualTo("executor 'other' is not deployed here");
    }

    @Test
    void tellsWhenAProbeChangesItsMindAndOnlyThen() {
        var executor = new FakeExecutor();
        registry.onChange(changes::incrementAndGet);
        registry.add("fake", executor);
        eventually("it is available", () -> registry.available("fake") != null);

        executor.availability = Availability.no("daemon down");

        eventually("it is not available", () -> registry.available("fake") == null);
        assertThat(registry.whyNot("fake")).isEqualTo("executor 'fake' cannot run here: daemon down");
        executor.availability = Availability.YES;
        eventually("it is available again", () -> registry.available("fake") != null);
        eventually("each was told", () -> changes.get() == 3);
    }

    @Test
    void saysWhatAProbeThrew() {
        registry.add("broken", new Broken());

        eventually("it is probed", () -> !registry.views().isEmpty());
        assertThat(registry.views().get(0).available()).isFalse();
        assertThat(registry.views().get(0).reason()).contains("no such library");
    }

    @Test
    void doesNotWaitForASlowProbeOfAnother() {
        var release = new CountDownLatch(1);
        try {
            registry.add("slow", new Slow(release));
            registry.add("fake", new FakeExecutor());

            eventually("the other is available", () -> registry.available("fake") != null);
            assertThat(registry.available("slow")).isNull();
        } finally {
            release.countDown();
        }
        eventually("the slow one is available", () -> registry.available("slow") != null);
    }

    @Test
    void usesTheFirstOfTwoOfAKindUntilItGoes() {
        var first = new FakeExecutor();
        var second = new FakeExecutor();
        registry.add("fake", first);
        registry.add("fake", second);
        eventually("it is available", () -> registry.available("fake") == first);

        registry.remove("fake", first);

        eventually("the second is available", () -> registry.available("fake") == second);
        assertThat(registry.holds(first)).isFalse();
        assertThat(registry.holds(second)).isTrue();
        assertThat(registry.views()).hasSize(1);
    }

    private static class Broken implements Executor {
        @Override
        public Availability probe() {
            throw new UnsatisfiedLinkError("no such library");
        }

        @Override
        public void start(List<Attempt> attempts, Outcomes outcomes) {
            throw new AssertionError("not needed");
        }

        @Override
        public void cancel(Attempt attempt) {
            throw new AssertionError("not needed");
        }
    }

    private static final class Slow extends Broken {
        private final CountDownLatch release;

        Slow(CountDownLatch release) {
            this.release = release;
        }

        @Override
        public Availability probe() {
            try {
                release.await();
                return Availability.YES;
            } catch (InterruptedException e) {
                return Availability.no("interrupted");
            }
        }
    }
}
