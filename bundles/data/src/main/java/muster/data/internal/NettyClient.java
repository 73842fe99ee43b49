package muster.data.internal;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpChunkedInput;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.netty.util.concurrent.EventExecutorGroup;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import muster.data.DataPlane;
import muster.data.Sink;
import muster.data.TransferException;
import muster.data.TransferException.Failure;
import muster.transport.NodeName;
import org.jspecify.annotations.Nullable;

/** Asks servers, over connections that are kept. */
// Netty closes the connection of a write that fails, and that is heard
@SuppressWarnings("FutureReturnValueIgnored")
final class NettyClient implements DataPlane.Client {
    private static final int MOST_TEXT_BYTES = 64 << 20;
    private static final int MOST_IDLE = 4;
    private static final Sink NOTHING = new Sink() {
        @Override
        public void write(ByteBuffer bytes) {
            bytes.position(bytes.limit());
        }

        @Override
        public void complete() {}

        @Override
        public void abort() {}
    };

    private final Bootstrap bootstrap;
    private final SslContext tls;
    private final EventExecutorGroup writers;
    private final Pace pace;
    private final Map<Place, ArrayDeque<Channel>> idle = new HashMap<>();
    /** Over which something is asked. */
    private final Map<Place, Set<Channel>> busy = new HashMap<>();

    private boolean closed;

    /**
     * How slow a source may be.
     *
     * @param every how often it is looked at
     * @param leastBytes how much must have moved in between
     * @param patience how often a manager that was asked, and has not begun to answer, may be silent: it may wait for a
     *     bucket
     */
    record Pace(Duration every, long leastBytes, int patience) {
        static final Pace DEFAULT = new Pace(Duration.ofSeconds(30), 1 << 20, 20);
    }

    private record Place(String host, int port, NodeName.Role role) {}

    NettyClient(EventLoopGroup group, EventExecutorGroup writers, SslContext tls, Pace pace) {
        this.tls = tls;
        this.writers = writers;
        this.pace = pace;
        bootstrap = new Bootstrap().group(group).channel(HttpDataPlane.CHANNEL);
        HttpDataPlane.tune(bootstrap);
    }

    @Override
    public DataPlane.Reply get(
            URI url, NodeName.Role role, List<String> avoid, DataPlane.@Nullable Part part, Sink sink)
            throws IOException {
        var request = request(HttpMethod.GET, url);
        if (part != null) {
            request.headers().set(HttpHeaderNames.RANGE, Ranges.asked(part));
        }
        if (!avoid.isEmpty()) {
            request.headers().set(ServerSession.AVOID, String.join(",", avoid));
        }
        return ask(url, role, sink, exchange -> channel -> {
            exchange.from = part == null ? 0 : part.from();
            channel.writeAndFlush(request);
            return exchange.moved::get;
        });
    }

    @Override
    public boolean has(URI url, NodeName.Role role) throws IOException {
        try {
            var reply = ask(url, role, NOTHING, exchange -> channel -> {
                channel.writeAndFlush(request(HttpMethod.HEAD, url));
                return exchange.moved::get;
            });
            return reply instanceof DataPlane.Reply.Done;
        } catch (TransferException e) {
            if (e.failure() == Failure.SOURCE_GONE) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public String text(URI url, NodeName.Role role) throws IOException {
        var sink = new TextSink();
        get(url, role, List.of(), sink);
        return sink.text();
    }

    @Override
    public void put(URI url, NodeName.Role role, Path file) throws IOException {
        ask(url, role, NOTHING, exchange -> channel -> {
            try {
                var in = FileChannel.open(file, StandardOpenOption.READ);
                var size = in.size();
                var request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.PUT, url.getRawPath());
                headers(request, url).headers().set(HttpHeaderNames.CONTENT_LENGTH, size);
                channel.write(request);
                var body = new FilePart(in, 0, size);
                channel.writeAndFlush(new HttpChunkedInput(body)).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
                exchange.asked = () -> body.currentOffset() == size;
                return body::currentOffset;
            } catch (IOException e) {
                exchange.fail(TransferException.local("'" + file.getFileName() + "'", e));
                return () -> 0;
            }
        });
    }

    @Override
    public void putText(URI url, NodeName.Role role, String text) throws IOException {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        ask(url, role, NOTHING, exchange -> channel -> {
            var request = new DefaultFullHttpRequest(
                    HttpVersion.HTTP_1_1, HttpMethod.PUT, url.getRawPath(), Unpooled.wrappedBuffer(bytes));
            headers(request, url).headers().set(HttpHeaderNames.CONTENT_LENGTH, bytes.length);
            channel.writeAndFlush(request);
            return exchange.moved::get;
        });
    }

    private static HttpRequest request(HttpMethod method, URI url) {
        return headers(new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, method, url.getRawPath()), url);
    }

    private static HttpRequest headers(HttpRequest request, URI url) {
        request.headers().set(HttpHeaderNames.HOST, url.getRawAuthority());
        return request;
    }

    /** Sends a question, and says how far it has come. */
    private interface Asking {
        LongSupplier on(Channel channel);
    }

    private interface Question {
        Asking of(ClientSession.Exchange exchange);
    }

    private DataPlane.Reply ask(URI url, NodeName.Role role, Sink sink, Question question) throws IOException {
        var place = new Place(url.getHost(), url.getPort(), role);
        var kept = take(place);
        if (kept != null) {
            var exchange = new ClientSession.Exchange(new Untouched(sink), url.getAuthority());
            try {
                return ask(kept, place, exchange, question);
            } catch (TransferException e) {
                // a connection that was kept may have been closed meanwhile
                if (e.failure() != Failure.SOURCE_LOST || exchange.answered) {
                    sink.abort();
                    throw e;
                }
            }
        }
        return ask(connect(place, sink), place, new ClientSession.Exchange(sink, url.getAuthority()), question);
    }

    /** Leaves a sink as it is when the question is asked again. */
    private record Untouched(Sink sink) implements Sink {
        @Override
        public void write(ByteBuffer bytes) throws IOException {
            sink.write(bytes);
        }

        @Override
        public void complete() throws IOException {
            sink.complete();
        }

        @Override
        public void abort() {}
    }

    private DataPlane.Reply ask(Channel channel, Place place, ClientSession.Exchange exchange, Question question)
            throws IOException {
        channel.pipeline().get(ClientSession.class).begin(exchange, channel);
        synchronized (idle) {
            busy.computeIfAbsent(place, p -> new HashSet<>()).add(channel);
        }
        try {
            return answered(channel, place, exchange, question);
        } finally {
            synchronized (idle) {
                busy.computeIfPresent(
                        place, (p, channels) -> channels.remove(channel) && channels.isEmpty() ? null : channels);
            }
        }
    }

    private DataPlane.Reply answered(Channel channel, Place place, ClientSession.Exchange exchange, Question question)
            throws IOException {
        var progress = question.of(exchange).on(channel);
        try {
            var reply = await(exchange, progress, place.role == NodeName.Role.MANAGER ? pace.patience : 0);
            giveBack(place, channel);
            if (reply instanceof DataPlane.Reply.Elsewhere && exchange.sink instanceof Untouched untouched) {
                untouched.sink().abort();
            }
            return reply;
        } catch (TransferException e) {
            channel.close();
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            channel.close();
            var failure = new TransferException(Failure.LOCAL, "interrupted", e);
            exchange.fail(failure);
            throw failure;
        }
    }

    private DataPlane.Reply await(ClientSession.Exchange exchange, LongSupplier progress, int patience)
            throws InterruptedException, TransferException {
        var before = 0L;
        var silent = 0;
        while (true) {
            try {
                return exchange.done.get(pace.every.toNanos(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                var now = progress.getAsLong();
                if (!exchange.answered && exchange.asked.getAsBoolean() && silent < patience) {
                    silent++;
                } else if (now - before < pace.leastBytes) {
                    exchange.fail(new TransferException(
                            Failure.SLOW_SOURCE,
                            exchange.place + " moved " + (now - before) + " bytes in " + pace.every.toSeconds() + " s",
                            e));
                }
                before = now;
            } catch (ExecutionException e) {
                if (e.getCause() instanceof TransferException failure) {
                    throw failure;
                }
                throw new TransferException(Failure.LOCAL, String.valueOf(e.getCause()), e);
            }
        }
    }

    private @Nullable Channel take(Place place) {
        synchronized (idle) {
            var channels = idle.computeIfAbsent(place, p -> new ArrayDeque<>());
            for (var channel = channels.poll(); channel != null; channel = channels.poll()) {
                if (channel.isActive()) {
                    return channel;
                }
            }
            return null;
        }
    }

    private void giveBack(Place place, Channel channel) {
        synchronized (idle) {
            var channels = idle.computeIfAbsent(place, p -> new ArrayDeque<>());
            if (!closed && channels.size() < MOST_IDLE) {
                channels.push(channel);
                return;
            }
        }
        channel.close();
    }

    private Channel connect(Place place, Sink sink) throws TransferException {
        try {
            var channel = bootstrap
                    .clone()
                    .handler(new Setup(place, this::handlers))
                    .connect(place.host, place.port)
                    .sync()
                    .channel();
            var handshake = channel.pipeline().get(SslHandler.class);
            handshake.handshakeFuture().sync();
            var peer = NodeTls.peer(handshake.engine().getSession());
            if (peer.role() != place.role) {
                channel.close();
                throw new IOException("it is " + peer + ", no " + place.role);
            }
            return channel;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            sink.abort();
            throw new TransferException(Failure.LOCAL, "interrupted", e);
        } catch (Exception e) {
            // Netty throws what it was told, declared or not
            sink.abort();
            throw new TransferException(
                    Failure.SOURCE_LOST, place.host + ":" + place.port + " cannot be reached: " + e.getMessage(), e);
        }
    }

    private void handlers(SocketChannel channel, Place place) {
        var valve = new Valve();
        channel.pipeline()
                .addLast(tls.newHandler(channel.alloc(), place.host, place.port))
                .addLast(new HttpClientCodec(4096, 8192, HttpDataPlane.PIECE_BYTES))
                .addLast(new ChunkedWriteHandler())
                .addLast(valve)
                .addLast(writers, new ClientSession(valve));
    }

    private static final class Setup extends ChannelInitializer<SocketChannel> {
        private final Place place;
        private final BiConsumer<SocketChannel, Place> handlers;

        Setup(Place place, BiConsumer<SocketChannel, Place> handlers) {
            this.place = place;
            this.handlers = handlers;
        }

        @Override
        protected void initChannel(SocketChannel channel) {
            handlers.accept(channel, place);
        }
    }

    @Override
    public void leave(URI url) {
        var left = new ArrayList<Channel>();
        synchronized (idle) {
            for (var role : NodeName.Role.values()) {
                var place = new Place(url.getHost(), url.getPort(), role);
                left.addAll(busy.getOrDefault(place, Set.of()));
                left.addAll(idle.getOrDefault(place, new ArrayDeque<>()));
            }
        }
        left.forEach(Channel::close);
    }

    @Override
    public void close() {
        synchronized (idle) {
            closed = true;
            idle.values().forEach(channels -> channels.forEach(Channel::close));
            idle.clear();
        }
    }

    /** Keeps a short text. */
    private static final class TextSink implements Sink {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override
        public void write(ByteBuffer more) throws IOException {
            if (bytes.size() + more.remaining() > MOST_TEXT_BYTES) {
                throw new IOException("the answer is longer than " + MOST_TEXT_BYTES + " bytes");
            }
            var copy = new byte[more.remaining()];
            more.get(copy);
            bytes.writeBytes(copy);
        }

        @Override
        public void complete() {}

        @Override
        public void abort() {}

        String text() {
            return bytes.toString(StandardCharsets.UTF_8);
        }
    }
}
