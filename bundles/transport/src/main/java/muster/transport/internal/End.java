package muster.transport.internal;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one side of a link knows of its messages; {@code M} is what it sends. */
interface End<M> {
    void connected();

    void disconnected(String cause);

    /** @param sender who sent it, as the broker says; null if it does not */
    void received(@Nullable String sender, byte[] bytes);

    byte[] encode(long epoch, List<M> messages);

    /** How many records a message counts for. */
    int records(M message);

    /** The message in two parts, in order; itself alone if it has no parts. */
    List<M> halves(M message);
}
