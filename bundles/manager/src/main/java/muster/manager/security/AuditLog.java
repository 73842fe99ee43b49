package muster.manager.security;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.SyncFailedException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import muster.api.AuditService;
import muster.api.Caller;
import muster.api.Deed;
import muster.api.Names;
import muster.api.Role;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who did what, a line of JSON each, in a file that is only added to: {@value #FILE}. A full one is put aside under the
 * time of that, and none is ever deleted. Each line is with the operating system when {@link #record} returns; what has
 * gathered is forced to the disk by a thread of its own, which rests in between: the store's commits need the same disk.
 *
 * <p>Refused strangers and workers get {@value #REFUSALS_A_MINUTE} lines a minute at most, so that they cannot fill the disk; how many
 * further ones there were is in a line of its own. Thread-safe.
 */
public final class AuditLog implements AuditService, AutoCloseable {
    static final String FILE = "audit.jsonl";
    static final int REFUSALS_A_MINUTE = 100;

    private static final long FORCE_PAUSE_MILLIS = 200;

    private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);
    private static final int MOST_CHARACTERS = 200;
    private static final int LAST_ASCII = 0x7e;
    private static final DateTimeFormatter ASIDE =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);

    /** Either half of a token, should somebody ask for one by its text instead of its id. */
    private static final Pattern SECRET = Pattern.compile("(?<![\\w-])[\\w-]{43}(?![\\w-])");

    private final SecretFiles files;
    private final long mostBytes;
    private final Clock clock;
    private @Nullable FileOutputStream out;
    private long bytes;
    private long minute;
    private int refusals;
    private long unwritten;
    private boolean told;

    /** Of the file that is written to. */
    private @Nullable FileDescriptor descriptor;

    /** How much of it is on the disk for sure, and how much will be once what goes on now is done. */
    private long forcedBytes;

    private long forcingBytes;

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread forcing = new Thread(this::force, "muster-audit");

    /** @param mostBytes how long a file may become until it is put aside */
    public AuditLog(Path folder, long mostBytes, Clock clock) throws IOException {
        this.files = new SecretFiles(folder);
        this.mostBytes = mostBytes;
        this.clock = clock;
        open();
        forcing.setDaemon(true);
        forcing.start();
    }

    private FileOutputStream open() throws IOException {
        var file = files.path(FILE);
        var mine = PosixFilePermissions.fromString("rw-------");
        if (Files.exists(file)) {
            Files.setPosixFilePermissions(file, mine);
        } else {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(mine));
        }
        // no channel: an interrupted thread would close it
        out = new FileOutputStream(file.toFile(), true);
        descriptor = out.getFD();
        bytes = Files.size(file);
        forcedBytes = 0;
        if (bytes > 0 && last(file) != '\n') {
            // what wrote it died in the middle of a line
            write(out, "\n");
        }
        return out;
    }

    private static int last(Path file) throws IOException {
        try (var reader = new RandomAccessFile(file.toFile(), "r")) {
            reader.seek(reader.length() - 1);
            return reader.read();
        }
    }

    @Override
    public synchronized void record(Deed deed) {
        var now = clock.instant();
        if (deed.status() >= 400 && !user(deed.caller()) && tooMany(now)) {
            unwritten++;
            return;
        }
        append(now, line(now, deed));
    }

    private static boolean user(@Nullable Caller caller) {
        return caller != null && caller.role() != Role.WORKER;
    }

    private boolean tooMany(Instant now) {
        var current = now.getEpochSecond() / 60;
        if (current != minute) {
            minute = current;
            refusals = 0;
        }
        return ++refusals > REFUSALS_A_MINUTE;
    }

    private void append(Instant now, String line) {
        try {
            var to = out == null ? open() : out;
            if (bytes + line.length() > mostBytes && bytes > 0) {
                to.getFD().sync();
                to.close();
                out = null;
                putAside(now);
                to = open();
            }
            if (unwritten > 0) {
                write(to, unwritten(now));
                unwritten = 0;
            }
            write(to, line);
            notifyAll();
            told = false;
        } catch (IOException e) {
            unwritten++;
            if (!told) {
                told = true;
                LOG.error(
                        "The audit log {} cannot be written: {}; see that the disk has room",
                        files.path(FILE),
                        e.getMessage());
            }
        }
    }

    private void force() {
        try {
            for (var next = next(); next != null; next = next()) {
                try {
                    next.sync();
                    forced(next);
                } catch (SyncFailedException e) {
                    failed(next, e);
                }
                closed.await(FORCE_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until something has to be forced; null once there is no more. */
    private synchronized @Nullable FileDescriptor next() throws InterruptedException {
        while (closed.getCount() > 0) {
            if (forcedBytes < bytes) {
                forcingBytes = bytes;
                return descriptor;
            }
            wait();
        }
        return null;
    }

    private synchronized void forced(FileDescriptor which) {
        if (which == descriptor) {
            forcedBytes = forcingBytes;
        }
    }

    synchronized long forcedBytes() {
        return forcedBytes;
    }

    private synchronized void failed(FileDescriptor which, SyncFailedException e) {
        // one that was put aside or closed meanwhile was forced then
        if (which == descriptor && closed.getCount() > 0) {
            forcedBytes = forcingBytes; // not again until there is more
            LOG.error("The audit log {} cannot be forced to the disk: {}", files.path(FILE), e.getMessage());
        }
    }

    private void putAside(Instant now) throws IOException {
        var name = "audit-" + ASIDE.format(now);
        var aside = files.path(name + ".jsonl");
        for (var i = 1; Files.exists(aside); i++) {
            aside = files.path(name + "-" + i + ".jsonl");
        }
        Files.move(files.path(FILE), aside);
    }

    private void write(FileOutputStream to, String line) throws IOException {
        to.write(line.getBytes(StandardCharsets.US_ASCII));
        bytes += line.length();
    }

    private String unwritten(Instant now) {
        return "{\"time\":\"" + now + "\",\"operation\":\"unwritten\",\"times\":" + unwritten + "}\n";
    }

    private static String line(Instant now, Deed deed) {
        var caller = deed.caller();
        return "{\"time\":\"" + now + "\",\"caller\":" + (caller == null ? "null" : text(caller.name()))
                + ",\"role\":" + (caller == null ? "null" : text(Names.word(caller.role())))
                + ",\"token\":" + (caller == null ? "null" : text(caller.token()))
                + ",\"address\":" + text(deed.address())
                + ",\"operation\":" + text(deed.operation())
                + ",\"thing\":" + text(deed.thing())
                + ",\"status\":" + deed.status() + "}\n";
    }

    /** A string of JSON in ASCII, which no terminal takes for a command. */
    private static String text(String value) {
        var safe = SECRET.matcher(value).replaceAll("…");
        var out = new StringBuilder(safe.length() + 2).append('"');
        for (var i = 0; i < Math.min(safe.length(), MOST_CHARACTERS); i++) {
            var c = safe.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || c > LAST_ASCII) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append(safe.length() > MOST_CHARACTERS ? "\\u2026\"" : "\"").toString();
    }

    @Override
    public synchronized void close() throws IOException {
        closed.countDown();
        notifyAll();
        if (out != null) {
            try (var last = out) {
                if (unwritten > 0) {
                    write(last, unwritten(clock.instant()));
                    unwritten = 0;
                }
                last.getFD().sync();
            }
            out = null;
        }
    }
}
