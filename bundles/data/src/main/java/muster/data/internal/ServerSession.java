package muster.data.internal;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpChunkedInput;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Collectors;
import javax.net.ssl.SSLPeerUnverifiedException;
import muster.api.MusterException;
import muster.data.DataPlane;
import muster.data.Sink;
import muster.data.TransferException;
import muster.data.TransferException.Failure;
import muster.transport.NodeName;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection of a server: one question after the other. Runs off the event loop, for it reads and writes files. */
// Netty closes the connection of a write that fails, and that is heard
@SuppressWarnings("FutureReturnValueIgnored")
final class ServerSession extends ChannelInboundHandlerAdapter {
    static final String AVOID = "muster-avoid";
    static final String OTHERS = "muster-others";
    private static final String BEARER = "Bearer ";
    private static final int MOST_DISCARDED_BYTES = 1 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(ServerSession.class);

    private final DataPlane.Service service;
    private final Valve valve;

    /** Whether it was looked who asks. */
    private boolean known;

    /** Null for who shows no certificate. */
    private @Nullable NodeName peer;

    private boolean refused;
    private long discarded;
    private @Nullable Sink sink;
    private boolean put;

    ServerSession(DataPlane.Service service, Valve valve) {
        this.service = service;
        this.valve = valve;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        try {
            if (message instanceof HttpRequest request) {
                begin(context, request);
            }
            if (message instanceof HttpContent content) {
                take(context, content);
            }
        } catch (IOException | RuntimeException e) {
            abort();
            refuse(context, e);
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void begin(ChannelHandlerContext context, HttpRequest request) throws IOException {
        if (request.decoderResult().isFailure()) {
            throw new TransferException(Failure.REFUSED, "this is no question in HTTP");
        }
        if (!known) {
            known = true;
            peer = peer(context);
        }
        var from = peer;
        if (from == null) {
            user(context, request);
            return;
        }
        put = request.method().equals(HttpMethod.PUT);
        if (put) {
            sink = service.put(from, request.uri(), HttpUtil.getContentLength(request, -1L));
        } else if (request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD)) {
            var avoid = request.headers().get(AVOID, "");
            var answer = service.get(from, request.uri(), avoid.isEmpty() ? List.of() : List.of(avoid.split(",")));
            answer(context, request, answer);
        } else {
            throw new TransferException(Failure.REFUSED, "files are asked for by GET and sent by PUT");
        }
    }

    private @Nullable NodeName peer(ChannelHandlerContext context) throws IOException {
        var pipeline = context.channel().pipeline();
        var session = pipeline.get(SslHandler.class).engine().getSession();
        try {
            var found = NodeTls.peer(session);
            if (service.answersUsers()) {
                pipeline.remove(HttpDataPlane.STRANGER);
            }
            return found;
        } catch (SSLPeerUnverifiedException e) {
            if (service.answersUsers()) {
                return null;
            }
            throw e;
        }
    }

    /** Answers one who shows no certificate. */
    private void user(ChannelHandlerContext context, HttpRequest request) throws IOException {
        if (!request.method().equals(HttpMethod.GET)) {
            throw new TransferException(Failure.REFUSED, "users ask by GET");
        }
        var shown = request.headers().get(HttpHeaderNames.AUTHORIZATION, "");
        var key = shown.startsWith(BEARER) ? shown.substring(BEARER.length()) : "";
        answer(context, request, service.user(key, request.uri()));
    }

    private void take(ChannelHandlerContext context, HttpContent content) throws IOException {
        var bytes = content.content();
        var length = bytes.readableBytes();
        var into = sink;
        try {
            if (into != null && length > 0) {
                for (var buffer : bytes.nioBuffers()) {
                    into.write(buffer);
                }
            }
        } finally {
            valve.written(context, length);
        }
        if (refused && stranger()) {
            // not before all has come: a connection that is closed with bytes in it loses its answer
            discarded += length;
            if (content instanceof LastHttpContent || discarded > MOST_DISCARDED_BYTES) {
                context.close();
            }
        }
        if (content instanceof LastHttpContent && put) {
            put = false;
            if (into != null) {
                sink = null;
                into.complete();
                text(context, HttpResponseStatus.CREATED, "");
            }
        }
    }

    private static void answer(ChannelHandlerContext context, HttpRequest request, DataPlane.Answer answer)
            throws IOException {
        var head = request.method().equals(HttpMethod.HEAD);
        if (answer instanceof DataPlane.Answer.File file) {
            file(context, open(file.path()), head, request.headers().get(HttpHeaderNames.RANGE), file.others());
        } else if (answer instanceof DataPlane.Answer.Opened opened) {
            file(context, opened.channel(), head, null, List.of());
        } else if (answer instanceof DataPlane.Answer.Text text) {
            bytes(
                    context,
                    HttpResponseStatus.OK,
                    head ? new byte[0] : text.text().getBytes(StandardCharsets.UTF_8));
        } else if (answer instanceof DataPlane.Answer.Bytes bytes) {
            bytes(context, HttpResponseStatus.OK, bytes.bytes());
        } else if (answer instanceof DataPlane.Answer.Elsewhere elsewhere) {
            var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.TEMPORARY_REDIRECT);
            response.headers()
                    .set(HttpHeaderNames.LOCATION, joined(elsewhere.places()))
                    .set(HttpHeaderNames.CONTENT_LENGTH, 0);
            context.writeAndFlush(response);
        }
    }

    private static String joined(List<URI> places) {
        return places.stream().map(URI::toString).collect(Collectors.joining(" "));
    }

    private static FileChannel open(Path path) throws IOException {
        try {
            return FileChannel.open(path, StandardOpenOption.READ);
        } catch (NoSuchFileException e) {
            throw new TransferException(Failure.SOURCE_GONE, "it was thrown away here a moment ago", e);
        }
    }

    /** @param asked which range of it; null for all */
    private static void file(
            ChannelHandlerContext context, FileChannel channel, boolean head, @Nullable String asked, List<URI> others)
            throws IOException {
        var whole = new DataPlane.Part(0, channel.size());
        DataPlane.Part part;
        try {
            part = Ranges.of(asked, whole.bytes());
        } catch (TransferException e) {
            channel.close();
            throw e;
        }
        var sent = part == null ? whole : part;
        var response = new DefaultHttpResponse(
                HttpVersion.HTTP_1_1, part == null ? HttpResponseStatus.OK : HttpResponseStatus.PARTIAL_CONTENT);
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, sent.bytes());
        if (part != null) {
            response.headers().set(HttpHeaderNames.CONTENT_RANGE, Ranges.sent(part, whole.bytes()));
        }
        if (!others.isEmpty()) {
            response.headers().set(OTHERS, joined(others));
        }
        context.write(response);
        if (head || sent.bytes() == 0) {
            channel.close();
            context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
        } else {
            context.writeAndFlush(new HttpChunkedInput(new FilePart(channel, sent.from(), sent.bytes())))
                    .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        }
    }

    private static void text(ChannelHandlerContext context, HttpResponseStatus status, String text) {
        bytes(context, status, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void bytes(ChannelHandlerContext context, HttpResponseStatus status, byte[] bytes) {
        context.writeAndFlush(response(status, bytes));
    }

    private static FullHttpResponse response(HttpResponseStatus status, byte[] bytes) {
        var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(bytes));
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, bytes.length);
        return response;
    }

    /** What still comes of a file that was refused is thrown away, until the other side has read why and closes. */
    private void refuse(ChannelHandlerContext context, Exception e) {
        var status = Failure.LOCAL.status();
        if (e instanceof TransferException transfer) {
            status = transfer.failure().status();
        } else if (e instanceof MusterException muster) {
            status = stranger() ? muster.code().status() : failure(muster).status();
        } else {
            LOG.error("A defect in the data plane; please report it", e);
        }
        var response = response(
                HttpResponseStatus.valueOf(status),
                String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8));
        if (stranger()) {
            // whose connection ends with it, and who may else just begin to use it again
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        context.writeAndFlush(response);
        refused = true;
    }

    private boolean stranger() {
        return known && peer == null;
    }

    private static Failure failure(MusterException e) {
        return switch (e.code()) {
            case NOT_FOUND -> Failure.SOURCE_GONE;
            case UNAVAILABLE -> Failure.STORE_AWAY;
            default -> Failure.REFUSED;
        };
    }

    private void abort() {
        var into = sink;
        sink = null;
        put = false;
        if (into != null) {
            into.abort();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        abort();
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable e) {
        LOG.debug("A connection with {} broke: {}", context.channel().remoteAddress(), e.toString());
        context.close();
    }
}
