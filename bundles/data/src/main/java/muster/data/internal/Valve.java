package muster.data.internal;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import java.util.concurrent.atomic.AtomicLong;

/** Stops reading while what came has not been written yet, so that a slow disk does not fill the memory. */
final class Valve extends ChannelInboundHandlerAdapter {
    private static final long HIGH_BYTES = 8 << 20;
    private static final long LOW_BYTES = 2 << 20;

    private final AtomicLong pending = new AtomicLong();

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        var bytes = message instanceof HttpContent content ? content.content().readableBytes() : 0;
        var high = pending.addAndGet(bytes) > HIGH_BYTES;
        context.fireChannelRead(message);
        if (high && context.channel().config().isAutoRead()) {
            context.channel().config().setAutoRead(false);
            open(context);
        }
    }

    /** These bytes were written. Any thread. */
    void written(ChannelHandlerContext context, int bytes) {
        pending.addAndGet(-bytes);
        open(context);
    }

    private void open(ChannelHandlerContext context) {
        var config = context.channel().config();
        if (pending.get() < LOW_BYTES && !config.isAutoRead()) {
            config.setAutoRead(true);
        }
    }
}
