package muster.executor.docker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One request to a daemon and its answer, or, once the protocol is switched, a stream of bytes both ways. */
final class Exchange {
    /** Headers of a request that is to become a stream. */
    static final Map<String, String> UPGRADE = Map.of("Connection", "Upgrade", "Upgrade", "tcp");

    private static final int SWITCHED = 101;
    private static final int STREAM_OF_OLD = 200;
    private static final int LONGEST_HEAD = 1 << 16;
    private static final int END_OF_HEAD = 0x0d0a0d0a;
    private static final int SENT_AT_ONCE = 1 << 16;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (\\d{3})\\b.*");

    /** Takes an answer, on the daemon's thread. */
    interface Receiver {
        /** The answer begins. */
        void opened(int status);

        /** A part of its body. */
        void received(ByteBuffer bytes) throws IOException;

        /** It ended; once, and last. Null if it is whole, else why not. */
        void ended(@Nullable String failure);
    }

    /** Whether an answer with this status is a stream. */
    static boolean isStream(int status) {
        return status == SWITCHED || status == STREAM_OF_OLD;
    }

    private final Daemon daemon;
    private final ByteBuffer request;
    private final Receiver receiver;

    private @Nullable SocketChannel channel;
    private @Nullable SelectionKey key;
    private @Nullable Runnable onEnd;
    private boolean ended;

    // what is sent once the protocol is switched
    private @Nullable FileChannel input;
    private ByteBuffer sending = NOTHING;

    private final ByteArrayOutputStream head = new ByteArrayOutputStream(256);
    private int lastFourBytes;
    private boolean opened;
    private @Nullable Chunks chunks;
    private long missing = -1;

    Exchange(Daemon daemon, ByteBuffer request, Receiver receiver) {
        this.daemon = daemon;
        this.request = request;
        this.receiver = receiver;
    }

    void begin(SocketChannel connected, SelectionKey registered) throws IOException {
        channel = connected;
        key = registered;
        connected.write(request);
        interest();
    }

    void onEnd(Runnable task) {
        if (ended) {
            task.run();
        } else {
            onEnd = task;
        }
    }

    /** Sends a file once the protocol is switched, then tells the other side that no more comes. */
    void send(FileChannel file) {
        input = file;
        sending = ByteBuffer.allocate(SENT_AT_ONCE).limit(0);
        interest();
    }

    /** Sends a few bytes, once the protocol is switched. */
    void send(byte... bytes) {
        try {
            if (channel != null && !ended) {
                channel.write(ByteBuffer.wrap(bytes));
            }
        } catch (IOException e) {
            end(e.getMessage() == null ? e.toString() : e.getMessage());
        }
    }

    /** Tells the other side, once the protocol is switched, that no more comes. */
    void endInput() {
        try {
            if (channel != null && !ended) {
                channel.shutdownOutput();
            }
        } catch (IOException e) {
            end(e.getMessage() == null ? e.toString() : e.getMessage());
        }
    }

    /** Breaks it off. */
    void fail(String why) {
        end(why);
    }

    /** Its connection can be read or written. */
    void ready() {
        var ready = key;
        var open = channel;
        if (ready == null || open == null || ended) {
            return;
        }
        try {
            if (ready.isWritable()) {
                write(open);
            }
            if (ready.isReadable()) {
                read(open);
            }
        } catch (IOException e) {
            end(e.getMessage() == null ? e.toString() : e.getMessage());
        }
    }

    private void interest() {
        var registered = key;
        if (registered != null && registered.isValid()) {
            var writes = request.hasRemaining() || input != null;
            registered.interestOps(SelectionKey.OP_READ | (writes ? SelectionKey.OP_WRITE : 0));
        }
    }

    private void write(SocketChannel open) throws IOException {
        open.write(request);
        var file = input;
        if (!request.hasRemaining() && file != null) {
            sendSome(open, file);
        }
        interest();
    }

    /** What is not read by the other side is its own affair: a program need not read all of its input. */
    private void sendSome(SocketChannel open, FileChannel file) throws IOException {
        if (!sending.hasRemaining()) {
            sending.clear();
            var count = file.read(sending);
            sending.flip();
            if (count < 0) {
                closeInput();
                open.shutdownOutput();
                return;
            }
        }
        try {
            open.write(sending);
        } catch (IOException e) {
            closeInput();
        }
    }

    private void read(SocketChannel open) throws IOException {
        var buffer = daemon.buffer.clear();
        var count = open.read(buffer);
        if (count < 0) {
            finish();
            return;
        }
        buffer.flip();
        while (!opened && buffer.hasRemaining()) {
            var next = buffer.get();
            head.write(next);
            lastFourBytes = (lastFourBytes << 8) | (next & 0xff);
            if (lastFourBytes == END_OF_HEAD) {
                open(head.toString(StandardCharsets.ISO_8859_1));
            } else if (head.size() > LONGEST_HEAD) {
                throw new IOException("the head of its answer is longer than " + LONGEST_HEAD + " bytes");
            }
        }
        if (opened && buffer.hasRemaining()) {
            if (chunks != null) {
                chunks.decode(buffer, receiver);
            } else {
                missing -= missing > 0 ? Math.min(missing, buffer.remaining()) : 0;
                receiver.received(buffer);
            }
        }
    }

    private void open(String text) throws IOException {
        var lines = text.split("\r\n");
        var status = STATUS.matcher(lines[0]);
        if (!status.matches()) {
            throw new IOException("it does not speak HTTP");
        }
        var code = Integer.parseInt(status.group(1));
        for (var line : lines) {
            var lower = line.toLowerCase(Locale.ROOT);
            if (lower.startsWith("transfer-encoding:") && lower.contains("chunked")) {
                chunks = new Chunks();
            } else if (lower.startsWith("content-length:") && code != SWITCHED) {
                missing = Long.parseLong(
                        lower.substring("content-length:".length()).strip());
            }
        }
        opened = true;
        receiver.opened(code);
    }

    private void finish() {
        if (!opened) {
            end("it closed the connection without an answer");
        } else if (missing > 0 || (chunks != null && !chunks.done())) {
            end("its answer broke off");
        } else {
            end(null);
        }
    }

    private void end(@Nullable String failure) {
        if (ended) {
            return;
        }
        ended = true;
        closeInput();
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            failure = failure == null ? e.getMessage() : failure;
        }
        if (onEnd != null) {
            onEnd.run();
        }
        receiver.ended(failure);
    }

    private void closeInput() {
        var file = input;
        input = null;
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            return; // it was only read
        }
    }
}
