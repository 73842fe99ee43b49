package muster.executor.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import muster.executor.docker.Exchange.Receiver;
import org.junit.jupiter.api.Test;

class ChunksTest {
    private final Chunks chunks = new Chunks();
    private final StringBuilder seen = new StringBuilder();
    private final Receiver receiver = new Receiver() {
        @Override
        public void opened(int status) {}

        @Override
        public void received(ByteBuffer bytes) {
            seen.append(StandardCharsets.UTF_8.decode(bytes));
        }

        @Override
        public void ended(String failure) {}
    };

    @Test
    void joinsChunksWhereverTheyAreCut() throws IOException {
        for (var character : "4;x=y\r\nwiki\r\n6\r\npedia \r\na\r\nin \r\nchunk\r\n0\r\n\r\n".toCharArray()) {
            chunks.decode(bytes(String.valueOf(character)), receiver);
        }

        assertThat(seen.toString()).isEqualTo("wikipedia in \r\nchunk");
    }

    @Test
    void isDoneAfterTheLastChunkAlone() throws IOException {
        chunks.decode(bytes("2\r\nab\r\n"), receiver);
        assertThat(chunks.done()).isFalse();

        chunks.decode(bytes("0\r\n\r\n"), receiver);
        assertThat(chunks.done()).isTrue();
    }

    @Test
    void refusesWhatIsNoSize() {
        assertThatThrownBy(() -> chunks.decode(bytes("wiki\r\n"), receiver)).hasMessageContaining("'wiki'");
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
