package muster.data.internal;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import muster.data.DataPlane;
import muster.data.Sink;
import muster.data.TransferException;
import muster.data.TransferException.Failure;
import org.jspecify.annotations.Nullable;

/** One connection of a client: one question after the other. Runs off the event loop, for it writes files. */
// Netty closes the connection of a write that fails, and that is heard
@SuppressWarnings("FutureReturnValueIgnored")
final class ClientSession extends ChannelInboundHandlerAdapter {
    private static final int MOST_ERROR_BYTES = 4096;
    private static final int OK = 200;
    private static final int CREATED = 201;
    private static final int PART = 206;
    private static final int ELSEWHERE = 307;

    private final Valve valve;
    private volatile @Nullable Exchange current;

    ClientSession(Valve valve) {
        this.valve = valve;
    }

    /** One question and what comes back. */
    static final class Exchange {
        final CompletableFuture<DataPlane.Reply> done = new CompletableFuture<>();
        final Sink sink;
        final String place;

        /** Rises with each byte that moves. */
        final AtomicLong moved = new AtomicLong();

        /** Whether all of the question was sent. */
        volatile BooleanSupplier asked = () -> true;

        /** Whether anything came back. */
        volatile boolean answered;

        /** Where the part begins that is asked for. */
        volatile long from;

        private int status;
        private long total;
        private List<URI> others = List.of();
        private final StringBuilder error = new StringBuilder();

        Exchange(Sink sink, String place) {
            this.sink = sink;
            this.place = place;
        }

        void fail(TransferException e) {
            // whoever is told of it must find nothing of what came
            if (!done.isDone()) {
                sink.abort();
                done.completeExceptionally(e);
            }
        }
    }

    /** The next question; the one before must be done. */
    void begin(Exchange exchange, Channel channel) {
        current = exchange;
        if (!channel.isActive()) {
            lost(exchange, "the connection was closed");
        }
    }

    private static void lost(Exchange exchange, String why) {
        exchange.fail(new TransferException(Failure.SOURCE_LOST, exchange.place + " broke off: " + why));
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        var exchange = current;
        try {
            if (exchange == null || exchange.done.isDone()) {
                if (message instanceof HttpContent content) {
                    valve.written(context, content.content().readableBytes());
                }
                return;
            }
            if (message instanceof HttpResponse response) {
                begin(exchange, response);
            }
            if (message instanceof HttpContent content) {
                take(context, exchange, content);
            }
        } catch (IOException e) {
            exchange.fail(TransferException.local("what " + exchange.place + " sends", e));
            context.close();
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private static void begin(Exchange exchange, HttpResponse response) throws TransferException {
        exchange.answered = true;
        exchange.status = response.status().code();
        var places = response.headers()
                .get(exchange.status == ELSEWHERE ? HttpHeaderNames.LOCATION : ServerSession.OTHERS, "");
        exchange.others = Stream.of(places.split(" "))
                .filter(text -> !text.isEmpty())
                .map(URI::create)
                .toList();
        exchange.total = exchange.status == PART
                ? Ranges.total(response.headers().get(HttpHeaderNames.CONTENT_RANGE, ""))
                : HttpUtil.getContentLength(response, 0L);
        if (exchange.status == OK && exchange.from > 0) {
            throw new TransferException(Failure.SOURCE_LOST, exchange.place + " does not send parts of files");
        }
    }

    private void take(ChannelHandlerContext context, Exchange exchange, HttpContent content) throws IOException {
        var bytes = content.content();
        var length = bytes.readableBytes();
        try {
            if (exchange.status == OK || exchange.status == PART) {
                for (var buffer : bytes.nioBuffers()) {
                    exchange.sink.write(buffer);
                }
            } else if (exchange.error.length() < MOST_ERROR_BYTES) {
                exchange.error.append(bytes.toString(StandardCharsets.UTF_8));
            }
        } finally {
            exchange.moved.addAndGet(length);
            valve.written(context, length);
        }
        if (content instanceof LastHttpContent) {
            end(exchange);
        }
    }

    private static void end(Exchange exchange) throws IOException {
        switch (exchange.status) {
            case OK, PART -> {
                exchange.sink.complete();
                exchange.done.complete(new DataPlane.Reply.Done(exchange.total, exchange.others));
            }
            case CREATED -> exchange.done.complete(new DataPlane.Reply.Done(0, List.of()));
            case ELSEWHERE -> {
                exchange.sink.abort();
                exchange.done.complete(new DataPlane.Reply.Elsewhere(exchange.others));
            }
            default ->
                exchange.fail(new TransferException(
                        Failure.ofStatus(exchange.status),
                        exchange.error.isEmpty()
                                ? exchange.place + " answers with status " + exchange.status
                                : exchange.error.toString()));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        var exchange = current;
        if (exchange != null && !exchange.done.isDone()) {
            lost(exchange, "the connection was closed");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable e) {
        var exchange = current;
        if (exchange != null && !exchange.done.isDone()) {
            lost(exchange, String.valueOf(e.getMessage()));
        }
        context.close();
    }
}
