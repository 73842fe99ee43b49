package muster.api;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/** Random and mutated input, the same for the same seed, and what tests with it look at. One thread. */
public final class Fuzz {
    /** {@code -Dmuster.fuzz.seed=N} for another run. */
    public static final long SEED = Long.getLong("muster.fuzz.seed", 1);

    /** {@code -Dmuster.fuzz.times=N} for a run so many times as long. */
    public static final int TIMES = Integer.getInteger("muster.fuzz.times", 1);

    private static final List<String> HOSTILE = List.of(
            "",
            " ",
            ".",
            "..",
            "../../etc/passwd",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "%00",
            "\0",
            "a\nb",
            "a\r\nX: y",
            "\u001b[2J\u001b]0;x\u0007",
            "\u202egnp.exe",
            "\ud83d\ude00",
            "\ud800",
            "\ufeff",
            "'; drop table jobs; --",
            "<script>alert(1)</script>",
            "${jndi:ldap://x/y}",
            "{{7*7}}",
            "%n%s%x",
            "$(id)",
            "`id`",
            "-1",
            "0",
            "1e999",
            "NaN",
            "9223372036854775807",
            "9223372036854775808",
            "2147483648",
            "0x10",
            "1.0",
            "1;2",
            "null",
            "true",
            "a".repeat(129),
            "a".repeat(3000));

    private final SplittableRandom random;

    public Fuzz(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /** From 0, and less than this. */
    public int below(int bound) {
        return random.nextInt(bound);
    }

    /** Any at all. */
    public long number() {
        return random.nextLong();
    }

    /** True once in so many times. */
    public boolean onceIn(int times) {
        return random.nextInt(times) == 0;
    }

    /** One of these. */
    public <T> T of(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }

    /** Text that has done harm somewhere. */
    public String hostile() {
        return of(HOSTILE);
    }

    /** Up to so many. */
    public byte[] bytes(int most) {
        var bytes = new byte[random.nextInt(most + 1)];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Text of any bytes. */
    public String text(int most) {
        return new String(bytes(most), StandardCharsets.ISO_8859_1);
    }

    /** The same with some bytes flipped, replaced, removed, doubled or cut off. */
    public byte[] mutated(byte[] original) {
        var bytes = original.clone();
        for (var i = random.nextInt(4); i >= 0 && bytes.length > 0; i--) {
            var at = random.nextInt(bytes.length);
            switch (random.nextInt(5)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> bytes = joined(bytes, at, at + 1, bytes.length);
                case 3 -> bytes = joined(bytes, Math.min(bytes.length, at + 16), at, bytes.length);
                default -> bytes = joined(bytes, at, bytes.length, bytes.length);
            }
        }
        return bytes;
    }

    /** The bytes up to {@code end}, and those between {@code from} and {@code to}. */
    private static byte[] joined(byte[] bytes, int end, int from, int to) {
        var joined = new byte[end + to - from];
        System.arraycopy(bytes, 0, joined, 0, end);
        System.arraycopy(bytes, from, joined, end, to - from);
        return joined;
    }

    /** What a TLS client says first. */
    public static byte[] hello(SSLContext context) throws SSLException {
        var engine = context.createSSLEngine();
        engine.setUseClientMode(true);
        engine.beginHandshake();
        var packet = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), packet);
        var bytes = new byte[packet.flip().remaining()];
        packet.get(bytes);
        return bytes;
    }

    /** Bytes of this JVM's heap that are in use. */
    public static long heapAfterCollection() {
        var memory = ManagementFactory.getMemoryMXBean();
        var least = Long.MAX_VALUE;
        for (var i = 0; i < 3; i++) {
            memory.gc();
            least = Math.min(least, memory.getHeapMemoryUsage().getUsed());
        }
        return least;
    }
}
