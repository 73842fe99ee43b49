package muster.broker;

import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ActiveMQExceptionType;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.core.server.ServerSession;
import org.apache.activemq.artemis.core.server.plugin.ActiveMQServerMessagePlugin;
import org.apache.activemq.artemis.core.transaction.Transaction;
import org.jspecify.annotations.Nullable;

/** Refuses messages larger than any that a link sends. */
final class SizeLimit implements ActiveMQServerMessagePlugin {
    /** A link sends at most 32 MiB. */
    static final int MAX_BYTES = 33 << 20;

    @Override
    public void beforeSend(
            ServerSession session,
            @Nullable Transaction transaction,
            Message message,
            boolean direct,
            boolean noAutoCreateQueue)
            throws ActiveMQException {
        if (message.isLargeMessage() || message.getEncodeSize() > MAX_BYTES) {
            throw new ActiveMQException(
                    "a message of " + message.getWholeMessageSize() + " bytes from '" + session.getValidatedUser()
                            + "' was refused; at most " + MAX_BYTES + " are allowed",
                    ActiveMQExceptionType.ILLEGAL_STATE);
        }
    }
}
