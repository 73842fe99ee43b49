package muster.executor.docker;

import java.io.IOException;
import java.nio.ByteBuffer;
import muster.executor.docker.Exchange.Receiver;

/** Takes the chunked transfer coding of HTTP/1.1 (RFC 9112, 7.1) off a body. */
final class Chunks {
    private static final int LONGEST_LINE = 1024;

    private final StringBuilder line = new StringBuilder();

    /** Of the chunk that is being read; its end of line follows. */
    private long missing;

    private boolean inData;
    private boolean done;

    /** Whether the last chunk has been seen. */
    boolean done() {
        return done;
    }

    void decode(ByteBuffer bytes, Receiver receiver) throws IOException {
        while (bytes.hasRemaining() && !done) {
            if (inData && missing > 0) {
                var length = (int) Math.min(missing, bytes.remaining());
                var part = bytes.slice(bytes.position(), length);
                bytes.position(bytes.position() + length);
                missing -= length;
                receiver.received(part);
            } else {
                var character = (char) bytes.get();
                if (character == '\n') {
                    endLine();
                } else if (character != '\r') {
                    line.append(character);
                    if (line.length() > LONGEST_LINE) {
                        throw new IOException("the size of a chunk of its answer is no number");
                    }
                }
            }
        }
    }

    private void endLine() throws IOException {
        if (inData) {
            inData = false; // the end of line after a chunk
            return;
        }
        var size = line.toString().split(";", 2)[0].strip();
        line.setLength(0);
        try {
            missing = Long.parseLong(size, 16);
        } catch (NumberFormatException e) {
            throw new IOException("the size of a chunk of its answer is no number: '" + size + "'", e);
        }
        inData = missing > 0;
        done = missing == 0;
    }
}
