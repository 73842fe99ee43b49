package muster.transport.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PackingTest {
    /** Messages are strings; one of n characters counts for n records and is encoded in n times as many bytes. */
    private static final class Strings implements End<String> {
        private final int bytesPerCharacter;

        Strings(int bytesPerCharacter) {
            this.bytesPerCharacter = bytesPerCharacter;
        }

        @Override
        public void connected() {}

        @Override
        public void disconnected(String cause) {}

        @Override
        public void received(@Nullable String sender, byte[] bytes) {}

        @Override
        public byte[] encode(long epoch, List<String> messages) {
            return String.join("", messages).repeat(bytesPerCharacter).getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public int records(String message) {
            return message.length();
        }

        @Override
        public List<String> halves(String message) {
            var middle = message.length() / 2;
            return middle == 0 ? List.of(message) : List.of(message.substring(0, middle), message.substring(middle));
        }
    }

    private static List<byte[]> pack(int bytesPerCharacter, List<String> messages) {
        var pieces = new ArrayList<byte[]>();
        Packing.pack(new Strings(bytesPerCharacter), 1, messages, pieces::add);
        return pieces;
    }

    private static List<Integer> sizes(List<byte[]> pieces) {
        return pieces.stream().map(piece -> piece.length).toList();
    }

    @Test
    void putsUpTo256RecordsInAPiece() {
        assertThat(sizes(pack(1, Collections.nCopies(600, "x")))).containsExactly(256, 256, 88);
        assertThat(sizes(pack(1, List.of("x".repeat(200), "x".repeat(56), "x".repeat(56)))))
                .containsExactly(256, 56);
    }

    @Test
    void doesNotSplitALargeCountOfSmallRecords() {
        assertThat(sizes(pack(1, List.of("x".repeat(1000), "y")))).containsExactly(1000, 1);
    }

    @Test
    void halvesWhatIsLargerThanAMebibyte() {
        var pieces = pack(100_000, List.of("abcdefghij", "klmnopqrst"));
        assertThat(pieces).allMatch(piece -> piece.length <= Packing.TARGET_BYTES);
        var text = new StringBuilder();
        pieces.forEach(piece -> text.append(new String(piece, StandardCharsets.US_ASCII)));
        assertThat(text).hasSize(2_000_000);
        assertThat(text.charAt(0)).isEqualTo('a');
        assertThat(text.charAt(text.length() - 1)).isEqualTo('t');
    }

    @Test
    void sendsWhatCannotBeHalvedAsItIs() {
        assertThat(sizes(pack(2_000_000, List.of("ab")))).containsExactly(2_000_000, 2_000_000);
    }

    @Test
    void makesNoPieceOfNothing() {
        assertThat(pack(1, List.of())).isEmpty();
    }
}
