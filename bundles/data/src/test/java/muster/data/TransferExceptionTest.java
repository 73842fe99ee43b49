package muster.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import muster.data.TransferException.Failure;
import org.junit.jupiter.api.Test;

final class TransferExceptionTest {
    @Test
    void tellsThatTheDiskIsFull() {
        try {
            Files.writeString(Path.of("/dev/full"), "x");
            throw new AssertionError("there is room where there is none");
        } catch (IOException e) {
            var told = TransferException.local("'a'", e);
            assertThat(told.failure()).isEqualTo(Failure.DISK_FULL);
            assertThat(told).hasMessage("no room for 'a' on this node's disk; make room there");
        }
    }

    @Test
    void tellsThatAQuotaIsUsedUp() {
        // what Linux says of EDQUOT
        var told = TransferException.local("'a'", new IOException("Disk quota exceeded"));
        assertThat(told.failure()).isEqualTo(Failure.DISK_FULL);
        assertThat(told).hasMessageContaining("the quota of this node's user is used up");
    }

    @Test
    void keepsTheNameOfAFailureThatHasOne() {
        var slow = new TransferException(Failure.SLOW_SOURCE, "w1 moved 3 bytes in 30 s");
        assertThat(TransferException.local("'a'", slow)).isSameAs(slow);
        assertThat(TransferException.local("'a'", new IOException("Input/output error"))
                        .failure())
                .isEqualTo(Failure.LOCAL);
    }

    @Test
    void everyFailureHasAStatusOfItsOwnAndComesBackByIt() {
        for (var failure : Failure.values()) {
            assertThat(Failure.ofStatus(failure.status())).isEqualTo(failure);
        }
    }

    @Test
    void asksElsewhereWhereThatCanHelp() {
        var mended = EnumSet.allOf(Failure.class);
        mended.removeIf(failure -> !failure.mendedByAnotherSource());
        assertThat(mended)
                .containsExactlyInAnyOrder(
                        Failure.SOURCE_GONE,
                        Failure.HASH_MISMATCH,
                        Failure.CHANGED,
                        Failure.SLOW_SOURCE,
                        Failure.SOURCE_LOST);
    }
}
