package muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Asserts on what is refused. */
final class Refusals {
    private Refusals() {}

    /** It is refused as INVALID, with a message that names all of these: thing, value, remedy. */
    static void assertInvalid(ThrowingCallable call, String... named) {
        var refusal = catchThrowableOfType(MusterException.class, call);
        assertThat(refusal).as("refused").isNotNull();
        assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID);
        assertThat(refusal).hasMessageContainingAll(named);
    }
}
