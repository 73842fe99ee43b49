package muster.data.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.stream.ChunkedNioFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** A part of a file on its way out; fails if the file ends before it, for which Netty alone would ask without end. */
final class FilePart extends ChunkedNioFile {
    static final int CHUNK_BYTES = 256 << 10;

    FilePart(FileChannel file, long from, long bytes) throws IOException {
        super(file, from, bytes, CHUNK_BYTES);
    }

    @Override
    public @Nullable ByteBuf readChunk(ByteBufAllocator allocator) throws Exception {
        var chunk = super.readChunk(allocator);
        if (chunk != null && !chunk.isReadable()) {
            chunk.release();
            throw new EOFException("the file became shorter while it was sent");
        }
        return chunk;
    }
}
