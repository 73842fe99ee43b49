package muster.data.internal;

import io.netty.bootstrap.AbstractBootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultEventExecutorGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutorGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import muster.data.DataPlane;
import muster.transport.NodeIdentity;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** The data plane by Netty: event loops encrypt and decrypt, other threads hash and write. */
@Component
public final class HttpDataPlane implements DataPlane {
    static final Class<NioSocketChannel> CHANNEL = NioSocketChannel.class;

    /** The largest piece of a body that is handed on at once. */
    static final int PIECE_BYTES = 1 << 20;

    /** The handler that cuts off who is silent, until it is known to be a node. */
    static final String STRANGER = "stranger";

    private static final int STRANGERS_SECONDS = 20;
    private static final int WRITERS = 16;

    private final EventLoopGroup loops = new NioEventLoopGroup(0, new DefaultThreadFactory("muster-data", true));
    private final EventExecutorGroup writers =
            new DefaultEventExecutorGroup(WRITERS, new DefaultThreadFactory("muster-data-files", true));
    private final NettyClient.Pace pace;

    @Activate
    public HttpDataPlane() {
        this(NettyClient.Pace.DEFAULT);
    }

    HttpDataPlane(NettyClient.Pace pace) {
        this.pace = pace;
    }

    /** Stops all servers and clients. */
    @Deactivate
    public void close() {
        loops.shutdownGracefully(100, 2000, TimeUnit.MILLISECONDS).awaitUninterruptibly();
        writers.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    static void tune(AbstractBootstrap<?, ?> bootstrap) {
        bootstrap.option(ChannelOption.RCVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(4 << 10, 64 << 10, 1 << 20));
    }

    @Override
    public Server serve(NodeIdentity identity, String host, int port, Service service) throws IOException {
        var bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(
                        ChannelOption.RCVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(4 << 10, 64 << 10, 1 << 20))
                .childHandler(new Setup(NodeTls.server(identity, service.answersUsers()), service, writers));
        try {
            var channel = bootstrap.bind(host, port).sync().channel();
            return new Listening(channel);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (Exception e) {
            // Netty throws what it was told, declared or not
            if (e instanceof BindException) {
                throw new IOException(
                        "port " + port + " on " + host + " is in use; set another in 'data.port', or 0 for any", e);
            }
            throw e;
        }
    }

    private static final class Setup extends ChannelInitializer<SocketChannel> {
        private final SslContext tls;
        private final Service service;
        private final EventExecutorGroup writers;

        Setup(SslContext tls, Service service, EventExecutorGroup writers) {
            this.tls = tls;
            this.service = service;
            this.writers = writers;
        }

        @Override
        protected void initChannel(SocketChannel channel) {
            var valve = new Valve();
            channel.pipeline()
                    .addLast(tls.newHandler(channel.alloc()))
                    .addLast(new HttpServerCodec(4096, 8192, PIECE_BYTES))
                    .addLast(new ChunkedWriteHandler())
                    .addLast(valve)
                    .addLast(writers, new ServerSession(service, valve));
            if (service.answersUsers()) {
                // strangers may come, and shall not stay
                channel.pipeline().addFirst(STRANGER, new Patience());
            }
        }
    }

    /** Cuts off a connection on which nothing moves. */
    private static final class Patience extends IdleStateHandler {
        Patience() {
            super(0, 0, STRANGERS_SECONDS);
        }

        @Override
        @SuppressWarnings("FutureReturnValueIgnored")
        protected void channelIdle(ChannelHandlerContext context, IdleStateEvent event) {
            context.close();
        }
    }

    private record Listening(Channel channel) implements Server {
        @Override
        public int port() {
            return ((InetSocketAddress) channel.localAddress()).getPort();
        }

        @Override
        public void close() {
            channel.close().syncUninterruptibly();
        }
    }

    @Override
    public Client client(NodeIdentity identity) {
        try {
            return new NettyClient(loops, writers, NodeTls.client(identity), pace);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
