package muster.data;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes the bytes of one file as they come. One thread at a time; ends with {@link #complete} or {@link #abort}. */
public interface Sink {
    /** Takes all that remains in the buffer. */
    void write(ByteBuffer bytes) throws IOException;

    /** All bytes have come. What is wrong with them is told by an exception. */
    void complete() throws IOException;

    /** No more bytes will come. */
    void abort();
}
