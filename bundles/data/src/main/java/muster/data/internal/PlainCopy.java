package muster.data.internal;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.stream.ChunkedNioFile;
import io.netty.handler.stream.ChunkedWriteHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.KeyStore;
import java.util.List;
import java.util.Random;
import java.util.Scanner;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.SynchronousQueue;
import javax.net.ssl.KeyManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * What the data plane is measured against: a file goes from this process to another and back over TLS by the same OpenSSL,
 * and nothing else is done: no digest, no HTTP, no forcing to disk. A program of its own:
 *
 * <pre>PlainCopy BYTES ROUNDS</pre>
 *
 * prints the nanoseconds that each round took.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a write that fails closes its connection, and the copy does not end
public final class PlainCopy {
    private static final String PASSWORD = "baseline";

    private final EventLoopGroup loops = new NioEventLoopGroup(1);
    private final long bytes;
    private final Path folder;
    private final SynchronousQueue<Long> whole = new SynchronousQueue<>();

    private PlainCopy(Path folder, long bytes) {
        this.folder = folder;
        this.bytes = bytes;
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("echo")) {
            new PlainCopy(Path.of(arguments[1]), Long.parseLong(arguments[2])).echo();
            return;
        }
        var folder = Files.createTempDirectory("muster-baseline");
        try {
            new PlainCopy(folder, Long.parseLong(arguments[0])).measure(Integer.parseInt(arguments[1]));
        } finally {
            try (var files = Files.list(folder)) {
                for (var file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
        System.exit(0);
    }

    private void measure(int rounds) throws Exception {
        run(List.of(
                java("keytool"),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-dname",
                "CN=baseline",
                "-storetype",
                "PKCS12",
                "-keystore",
                key().toString(),
                "-storepass",
                PASSWORD));
        var source = folder.resolve("source");
        random(source);
        var echo = new ProcessBuilder(
                        java("java"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        PlainCopy.class.getName(),
                        "echo",
                        folder.toString(),
                        Long.toString(bytes))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var out = new Scanner(echo.getInputStream(), StandardCharsets.US_ASCII)) {
            var tls = SslContextBuilder.forClient()
                    .sslProvider(SslProvider.OPENSSL)
                    .trustManager(InsecureTrustManagerFactory.INSTANCE)
                    .protocols("TLSv1.3")
                    .build();
            var channel = new Bootstrap()
                    .group(loops)
                    .channel(NioSocketChannel.class)
                    .option(ChannelOption.RCVBUF_ALLOCATOR, allocator())
                    .handler(pipeline(tls, "back"))
                    .connect("127.0.0.1", out.nextInt())
                    .sync()
                    .channel();
            for (var round = 0; round < rounds; round++) {
                var start = System.nanoTime();
                send(channel, source);
                whole.take();
                System.out.println(System.nanoTime() - start);
            }
        } finally {
            echo.destroy();
        }
    }

    private void echo() throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(key())) {
            store.load(in, PASSWORD.toCharArray());
        }
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        var tls = SslContextBuilder.forServer(keys)
                .sslProvider(SslProvider.OPENSSL)
                .protocols("TLSv1.3")
                .build();
        var peer = new CompletableFuture<Channel>();
        var server = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childOption(ChannelOption.RCVBUF_ALLOCATOR, allocator())
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        fill(channel, tls, "there");
                        peer.complete(channel);
                    }
                })
                .bind("127.0.0.1", 0)
                .sync()
                .channel();
        System.out.println(((InetSocketAddress) server.localAddress()).getPort());
        var channel = peer.get();
        while (channel.isActive()) {
            whole.take();
            send(channel, folder.resolve("there"));
        }
    }

    private static AdaptiveRecvByteBufAllocator allocator() {
        return new AdaptiveRecvByteBufAllocator(4 << 10, 64 << 10, 1 << 20);
    }

    private ChannelInitializer<SocketChannel> pipeline(SslContext tls, String into) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(SocketChannel channel) {
                fill(channel, tls, into);
            }
        };
    }

    private void fill(SocketChannel channel, SslContext tls, String into) {
        channel.pipeline()
                .addLast(tls.newHandler(channel.alloc()))
                .addLast(new ChunkedWriteHandler())
                .addLast(new Receiver(folder.resolve(into)));
    }

    private void send(Channel channel, Path file) throws IOException {
        channel.writeAndFlush(
                new ChunkedNioFile(FileChannel.open(file, StandardOpenOption.READ), 0, bytes, FilePart.CHUNK_BYTES));
    }

    /** Writes what comes to a file, and says when it is whole. */
    private final class Receiver extends SimpleChannelInboundHandler<ByteBuf> {
        private final Path file;
        private @Nullable FileChannel out;
        private long received;

        Receiver(Path file) {
            this.file = file;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf message) throws Exception {
            var to = out;
            if (to == null) {
                Files.deleteIfExists(file);
                to = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                out = to;
            }
            received += message.readableBytes();
            for (var buffer : message.nioBuffers()) {
                while (buffer.hasRemaining()) {
                    to.write(buffer);
                }
            }
            if (received == bytes) {
                received = 0;
                to.close();
                out = null;
                whole.put(bytes);
            }
        }
    }

    private Path key() {
        return folder.resolve("key.p12");
    }

    private static String java(String program) {
        return Path.of(System.getProperty("java.home"), "bin", program).toString();
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        var made = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (made.waitFor() != 0) {
            throw new IOException(command.get(0) + " failed");
        }
    }

    private void random(Path file) throws IOException {
        var random = new Random();
        var piece = new byte[FilePart.CHUNK_BYTES];
        try (var out = Files.newOutputStream(file)) {
            for (var left = bytes; left > 0; left -= piece.length) {
                random.nextBytes(piece);
                out.write(piece, 0, (int) Math.min(left, piece.length));
            }
        }
    }
}
