package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import muster.api.ErrorCode;
import muster.api.MusterException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuotasTest {
    private final Quotas quotas = new Quotas(new Quotas.Limits(2, 100, 5));

    private static void tooMany(String message, ThrowingCallable call) {
        assertThatThrownBy(call)
                .hasMessageContaining(message)
                .extracting(e -> ((MusterException) e).code())
                .isEqualTo(ErrorCode.TOO_MANY);
    }

    @Test
    void anOwnerHasSoManyOpenJobsAndAnotherHasTheirs() {
        quotas.open("anna", 1, 0);
        quotas.open("anna", 1, 0);
        tooMany("'anna' has 2 open jobs, of 2 allowed", () -> quotas.open("anna", 1, 0));
        quotas.open("bert", 1, 0);
        quotas.close("anna", 1, 0);
        quotas.open("anna", 1, 0);
    }

    @Test
    void anOwnerHasSoManyTasksInThem() {
        quotas.open("anna", 60, 0);
        tooMany("has 60 tasks in open jobs, with these 41 more than the 100", () -> quotas.open("anna", 41, 0));
        quotas.open("anna", 40, 0);
    }

    @Test
    void whatIsOpenAlreadyIsCountedAndNeverRefused() {
        for (var i = 0; i < 5; i++) {
            quotas.reopen("anna", 1000, 0);
        }
        tooMany("open jobs", () -> quotas.open("anna", 1, 0));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 5, Long.MIN_VALUE})
    void submitsComeAtARateOverTenSeconds(long start) {
        var second = Duration.ofSeconds(1).toNanos();
        var taken = 0;
        for (var i = 0; i < 1000; i++) {
            taken += submits(start);
        }
        assertThat(taken).isEqualTo(51);
        tooMany("more than 5 jobs a second", () -> quotas.submitted("anna", start));
        quotas.submitted("bert", start);
        for (var i = 0; i < 5; i++) {
            quotas.submitted("anna", start + second);
        }
        tooMany("more than 5 jobs a second", () -> quotas.submitted("anna", start + second));
    }

    private int submits(long now) {
        try {
            quotas.submitted("anna", now);
            return 1;
        } catch (MusterException e) {
            assertThat(e.code()).isEqualTo(ErrorCode.TOO_MANY);
            return 0;
        }
    }

    @Test
    void zeroIsNoLimit() {
        var free = new Quotas(Quotas.Limits.NONE);
        assertThatCode(() -> {
                    for (var i = 0; i < 10_000; i++) {
                        free.submitted("anna", 0);
                        free.open("anna", Integer.MAX_VALUE, 0);
                    }
                })
                .doesNotThrowAnyException();
    }

    @Test
    void negativeLimitsAreNamed() {
        for (var made : List.<ThrowingCallable>of(
                () -> new Quotas.Limits(-1, 0, 0),
                () -> new Quotas.Limits(0, -1, 0),
                () -> new Quotas.Limits(0, 0, -1))) {
            assertThatThrownBy(made).hasMessageContaining("etc/muster.manager.cfg");
        }
    }
}
