package muster.language.lsl.syntax;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import muster.api.MusterException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReaderTest {
    /** On a stack as the language has it. */
    private static Node.Block read(String text, Duration patience) throws Throwable {
        var read = new FutureTask<>(() -> Reader.read("s.lsl", text, patience));
        new Thread(null, read, "reader", 128 << 20).start();
        try {
            return read.get();
        } catch (ExecutionException e) {
            throw e.getCause();
        }
    }

    /** Without a bound, Groovy's parser takes minutes or hours for each. */
    @ParameterizedTest
    @ValueSource(strings = {"a ? ", "a ?: ", "a = ", "a.b = ", "a += ", "(a ? ", "[a ? ", "a = [", "-", "++"})
    void tellsAFaultWhereItIsSeenFirstIfTheParserDoesNotEnd(String piece) {
        var text = "def x = " + piece.repeat(Math.min(4000 / piece.length(), piece.matches(".*[(\\[].*") ? 60 : 4000));

        assertThatThrownBy(() -> read(text, Duration.ofMillis(50)))
                .isInstanceOf(MusterException.class)
                .hasMessageMatching("(?s)s\\.lsl:1:[0-9]+: .+");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a in ", "(int)", "a ? b : ", "a ?: ", "a && ", "a + ", "!", "a = "})
    void readsLongExpressions(String piece) {
        var text = "def x = " + piece.repeat(2000 / piece.length()) + "1";

        assertThatCode(() -> read(text, Duration.ZERO)).doesNotThrowAnyException();
    }

    @Test
    void readsAListOfThousands() throws Throwable {
        assertThat(read("x = [" + "'item', ".repeat(8000) + "]", Duration.ZERO).statements())
                .hasSize(1);
    }
}
