package muster.manager.security;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import muster.api.Caller;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Role;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Users who have a name and a password, in a file that operators keep: a line {@code NAME:HASH[:ROLE]} for each, as
 * {@code htpasswd -B} makes it; without a role it is that of a user. The file is read again when it has changed. A realm
 * may know others. Thread-safe.
 *
 * <p>A hash is slow to check on purpose, so that strangers have few of them checked at a time, and few wrong ones of a
 * name. A password that was right is known again at once, as long as its line stays; of a realm, which does not tell of its
 * changes, for a minute.
 */
public final class Passwords {
    /** Nobody has one. */
    public static final Passwords NONE = new Passwords(null, null, Clock.systemUTC());

    private static final Logger LOG = LoggerFactory.getLogger(Passwords.class);

    /** Stands for the id of a token. */
    private static final String PASSWORD = "password";

    private static final Pattern HASH = Pattern.compile("\\$2[aby]\\$(0[4-9]|1[0-4])\\$[./A-Za-z0-9]{53}");

    /** Behind the cost of a hash: a password that nobody has. */
    private static final String NOBODYS = ".".repeat(53);

    private static final int LONGEST = 72;
    private static final int CHECKS_AT_A_TIME = 2;
    private static final int MOST_WRONG = 10;
    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int MOST_NAMES = 10_000;

    private final @Nullable Path file;
    private final @Nullable Realm realm;
    private final Clock clock;
    private final Semaphore checks = new Semaphore(CHECKS_AT_A_TIME);
    private final byte[] key = SecurityKey.random();

    /** Digests of passwords that were right, by the line that they are right for. */
    private final Map<Line, byte[]> right = new ConcurrentHashMap<>();

    private Read read = new Read(null, 0, Map.of());
    private final Map<String, Wrong> wrong = new Latest<>();

    /** Who came by the realm, by name. */
    private final Map<String, Known> known = Collections.synchronizedMap(new Latest<>());

    /** The newest entries of a map. */
    private static final class Latest<T> extends LinkedHashMap<String, T> {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, T> eldest) {
            return size() > MOST_NAMES;
        }
    }

    /** What the realm said of a password, by its digest, and when. */
    private record Known(byte[] digest, Instant since, Role role) {}

    /** What the file held when it was last read. */
    private record Read(@Nullable FileTime modified, long bytes, Map<String, Line> lines) {}

    private record Line(String name, String hash, Role role) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** How many wrong passwords came for a name since then. */
    private record Wrong(Instant since, int count) {}

    /**
     * @param file null for none
     * @param realm likewise; it is asked for who does not stand in the file
     */
    public Passwords(@Nullable Path file, @Nullable Realm realm, Clock clock) {
        this.file = file;
        this.realm = realm;
        this.clock = clock;
    }

    /**
     * Who this is; empty if there is no such user, or the password is wrong.
     *
     * @throws MusterException TOO_MANY if too many wrong passwords came for this name, or too many come at a time; as of
     *     {@link Realm#login} if the realm is asked
     */
    Optional<Caller> caller(String name, String password) {
        // to a directory, a name without a password is nobody's login, and succeeds
        if (password.isEmpty()) {
            return Optional.empty();
        }
        var lines = file == null ? Map.<String, Line>of() : lines(file);
        // a directory takes them all for one
        var lower = name.toLowerCase(Locale.ROOT);
        if (realm != null && !lines.containsKey(name) && !lines.containsKey(lower)) {
            return Names.isOwner(lower) ? ofRealm(realm, lower, password) : Optional.empty();
        }
        if (file == null || bytes(password).length > LONGEST) {
            return Optional.empty();
        }
        var line = lines.get(name);
        var digest = digest(name, password);
        if (line == null || !MessageDigest.isEqual(right.get(line), digest)) {
            requireFew(name);
            // a name that nobody has takes as long
            if (!matches(line == null ? nobodys(lines) : line.hash, password) || line == null) {
                count(name);
                return Optional.empty();
            }
            right.keySet().removeIf(known -> known.name.equals(name));
            right.put(line, digest);
        }
        return Optional.of(new Caller(line.name, line.role, PASSWORD));
    }

    private Optional<Caller> ofRealm(Realm from, String name, String password) {
        var digest = digest(name, password);
        var now = clock.instant();
        var before = known.get(name);
        if (before == null || !MessageDigest.isEqual(before.digest, digest)) {
            requireFew(name);
        } else if (now.isBefore(before.since.plus(WINDOW))) {
            return Optional.of(new Caller(name, before.role, PASSWORD));
        }
        var role = from.login(name, password);
        if (role.isPresent()) {
            known.put(name, new Known(digest, now, role.get()));
        } else {
            count(name);
            known.values().removeIf(other -> MessageDigest.isEqual(other.digest, digest));
        }
        return role.map(found -> new Caller(name, found, PASSWORD));
    }

    private static String nobodys(Map<String, Line> lines) {
        return lines.values().stream()
                .map(line -> line.hash.substring(0, line.hash.length() - NOBODYS.length()) + NOBODYS)
                .max(Comparator.naturalOrder())
                .orElse("$2y$10$" + NOBODYS);
    }

    private boolean matches(String hash, String password) {
        if (!checks.tryAcquire()) {
            throw tooMany("too many passwords are being checked");
        }
        try {
            return OpenBSDBCrypt.checkPassword(hash, bytes(password));
        } finally {
            checks.release();
        }
    }

    private static byte[] bytes(String password) {
        return password.getBytes(StandardCharsets.UTF_8);
    }

    private byte[] digest(String name, String password) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update(bytes(name));
            mac.update((byte) 0);
            return mac.doFinal(bytes(password));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HmacSHA256", e);
        }
    }

    private synchronized void requireFew(String name) {
        var before = wrong.get(name);
        if (before != null && before.count >= MOST_WRONG && clock.instant().isBefore(before.since.plus(WINDOW))) {
            throw tooMany("too many wrong passwords came");
        }
    }

    private static MusterException tooMany(String why) {
        return new MusterException(ErrorCode.TOO_MANY, why + "; wait a minute");
    }

    private synchronized void count(String name) {
        var now = clock.instant();
        var before = wrong.remove(name);
        wrong.put(
                name,
                before == null || !now.isBefore(before.since.plus(WINDOW))
                        ? new Wrong(now, 1)
                        : new Wrong(before.since, before.count + 1));
    }

    private synchronized Map<String, Line> lines(Path from) {
        try {
            var modified = Files.getLastModifiedTime(from);
            var bytes = Files.size(from);
            if (!modified.equals(read.modified) || bytes != read.bytes) {
                read = new Read(modified, bytes, parse(from));
                right.keySet().retainAll(read.lines.values());
            }
        } catch (IOException e) {
            if (read.modified != null || read.bytes == 0) {
                LOG.error("The file of passwords '{}' cannot be read; nobody comes in by one: {}", from, e.toString());
            }
            read = new Read(null, -1, Map.of());
            right.clear();
        }
        return read.lines;
    }

    private static Map<String, Line> parse(Path from) throws IOException {
        var lines = new HashMap<String, Line>();
        var number = 0;
        for (var text : Files.readAllLines(from)) {
            number++;
            if (text.isBlank() || text.startsWith("#")) {
                continue;
            }
            try {
                var line = line(text.strip());
                if (lines.size() >= MOST_NAMES || lines.putIfAbsent(line.name, line) != null) {
                    throw MusterException.invalid(
                            "'" + line.name + "' is there twice, or there are more than " + MOST_NAMES + " users");
                }
            } catch (MusterException e) {
                LOG.error("Line {} of '{}' is left out: {}", number, from, e.getMessage());
            }
        }
        LOG.info("{} users have a password by '{}'", lines.size(), from);
        return lines;
    }

    private static Line line(String text) {
        var parts = text.split(":", -1);
        if (parts.length < 2 || parts.length > 3 || !HASH.matcher(parts[1]).matches()) {
            throw MusterException.invalid(
                    "it is not NAME:HASH[:ROLE] with a hash of bcrypt of cost 14 or less; make it by htpasswd -B");
        }
        var word = parts.length == 2 ? Names.word(Role.USER) : parts[2];
        return new Line(Names.requireOwner(parts[0]), parts[1], role(word));
    }

    /** A role that users may have. */
    static Role role(String word) {
        return Stream.of(Role.values())
                .filter(known -> known != Role.WORKER && Names.word(known).equals(word))
                .findFirst()
                .orElseThrow(() -> MusterException.invalid(
                        "there is no role '" + Names.escape(word) + "'; write viewer, user, operator or admin"));
    }
}
