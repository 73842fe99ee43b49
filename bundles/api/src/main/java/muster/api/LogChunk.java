package muster.api;

/**
 * Part of what a task wrote.
 *
 * @param offset of the first byte
 * @param bytes may be empty; not copied, do not change
 * @param ended whether the stream ends after these bytes
 */
public record LogChunk(long offset, byte[] bytes, boolean ended) {
    /** Where the next chunk begins. */
    public long nextOffset() {
        return offset + bytes.length;
    }
}
