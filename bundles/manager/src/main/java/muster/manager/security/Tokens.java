package muster.manager.security;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import muster.api.Caller;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Role;
import muster.api.TokenRequest;
import muster.api.TokenView;
import muster.transport.ToWorker;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster's tokens, each known by its SHA-256 alone: a secret of 256 random bits needs no slower hash. The two that
 * have files of their own are whatever those files say. Thread-safe.
 */
final class Tokens {
    private static final Logger LOG = LoggerFactory.getLogger(Tokens.class);
    /** Its name in the vault. */
    static final String FILE = "tokens";

    private static final int FIELDS = 8;
    private static final int SECRET_BYTES = 32;
    private static final int ID_LENGTH = 12;
    private static final int MOST = 10_000;
    private static final String NONE = "-";

    /** How long an expired token is still listed. */
    private static final Duration REMEMBERED = Duration.ofDays(7);

    /** How much a token's last use may be newer than what is written. */
    private static final Duration TOUCH = Duration.ofMinutes(1);

    private final Vault vault;
    private final String prefix;
    private final Clock clock;
    private final Map<String, Entry> byHash = new LinkedHashMap<>();
    private Runnable changed = () -> {};

    /** @param file that holds it in clear; null for none */
    private record Entry(
            String hash, TokenView view, @Nullable String file) {
        Entry with(@Nullable Integer usesLeft, Instant lastUsedAt) {
            return new Entry(
                    hash,
                    new TokenView(
                            view.id(),
                            view.owner(),
                            view.role(),
                            view.createdAt(),
                            view.expiresAt(),
                            usesLeft,
                            lastUsedAt),
                    file);
        }

        boolean expired(Instant now) {
            return view.expiresAt() != null && !now.isBefore(view.expiresAt());
        }

        String line() {
            return String.join(
                    " ",
                    hash,
                    Names.word(view.role()),
                    view.owner(),
                    view.createdAt().toString(),
                    text(view.expiresAt()),
                    text(view.usesLeft()),
                    text(view.lastUsedAt()),
                    text(file));
        }

        static Entry of(String line) {
            var fields = line.split(" ", -1);
            if (fields.length != FIELDS) {
                throw new IllegalArgumentException("a line has " + fields.length + " fields");
            }
            return new Entry(
                    fields[0],
                    new TokenView(
                            id(fields[0]),
                            fields[2],
                            Stream.of(Role.values())
                                    .filter(role -> Names.word(role).equals(fields[1]))
                                    .findFirst()
                                    .orElseThrow(() -> new IllegalArgumentException("a role is unknown")),
                            Instant.parse(fields[3]),
                            fields[4].equals(NONE) ? null : Instant.parse(fields[4]),
                            fields[5].equals(NONE) ? null : Integer.valueOf(fields[5]),
                            fields[6].equals(NONE) ? null : Instant.parse(fields[6])),
                    fields[7].equals(NONE) ? null : fields[7]);
        }

        private static String text(@Nullable Object value) {
            return value == null ? NONE : value.toString();
        }
    }

    /**
     * Reads what is there.
     *
     * @param fingerprint of the CA, which every token names
     */
    Tokens(Vault vault, String fingerprint, Clock clock) {
        this.vault = vault;
        this.prefix = "muster-" + fingerprint + ".";
        this.clock = clock;
        read();
    }

    /** Reads them again, as they are now. */
    synchronized void read() {
        try {
            var entries = vault.readText(FILE).stream()
                    .flatMap(String::lines)
                    .map(Entry::of)
                    .toList();
            byHash.clear();
            entries.forEach(entry -> byHash.put(entry.hash(), entry));
        } catch (IllegalArgumentException | DateTimeException e) {
            throw vault.damaged(FILE, "restore it, or remove it and make new tokens", e);
        }
    }

    /** Makes the token of a file, or takes over what the file holds. */
    synchronized void keepInFile(String file, Role role, String owner) {
        var kept = vault.readText(file);
        var text = kept.orElseGet(this::text);
        if (kept.isEmpty()) {
            vault.writeText(file, text);
        }
        var hash = hash(text);
        byHash.values()
                .removeIf(entry -> file.equals(entry.file()) && !entry.hash().equals(hash));
        byHash.computeIfAbsent(
                hash, h -> new Entry(h, new TokenView(id(h), owner, role, clock.instant(), null, null, null), file));
        save();
        changed.run();
    }

    private String text() {
        var bytes = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(bytes);
        return prefix + CertificateAuthority.base64(bytes);
    }

    static String hash(String text) {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String id(String hash) {
        return hash.substring(0, ID_LENGTH);
    }

    /** Who holds a token that is good. */
    synchronized Optional<Caller> holder(String text) {
        var entry = byHash.get(hash(text));
        return entry == null || entry.expired(clock.instant())
                ? Optional.empty()
                : Optional.of(new Caller(
                        entry.view().owner(), entry.view().role(), entry.view().id()));
    }

    /** Who holds a token that is good, and uses it now. */
    synchronized Optional<Caller> caller(String text) {
        var holder = holder(text);
        if (holder.isPresent()) {
            touch(Objects.requireNonNull(byHash.get(hash(text))), clock.instant());
        }
        return holder;
    }

    private void touch(Entry entry, Instant now) {
        var last = entry.view().lastUsedAt();
        if (last != null && !last.plus(TOUCH).isBefore(now)) {
            return;
        }
        byHash.put(entry.hash(), entry.with(entry.view().usesLeft(), now));
        try {
            save();
        } catch (MusterException e) {
            LOG.warn("The last use of token {} is not written: {}", entry.view().id(), e.getMessage());
        }
    }

    /**
     * The join token that reads so.
     *
     * @throws MusterException UNAUTHENTICATED if it is not good, FORBIDDEN if it is for something else
     */
    synchronized TokenView requireJoin(String text) {
        var caller = caller(text)
                .orElseThrow(() -> new MusterException(
                        ErrorCode.UNAUTHENTICATED,
                        "this join token is unknown, expired or revoked; make one with 'muster token create"
                                + " --worker', or copy the manager's security/join.token"));
        if (caller.role() != Role.WORKER) {
            throw new MusterException(
                    ErrorCode.FORBIDDEN,
                    "token " + caller.token() + " has the role " + Names.word(caller.role())
                            + ", by which no worker joins; make one with 'muster token create --worker'");
        }
        var view = Objects.requireNonNull(byHash.get(hash(text))).view();
        if (view.usesLeft() != null && view.usesLeft() == 0) {
            throw new MusterException(
                    ErrorCode.UNAUTHENTICATED,
                    "join token " + view.id() + " was used up; make another with 'muster token create --worker'");
        }
        return view;
    }

    /** Takes one use of a join token, durably; fails as {@link #requireJoin}. */
    synchronized void join(String text) {
        var left = requireJoin(text).usesLeft();
        if (left != null) {
            var hash = hash(text);
            change(hash, Objects.requireNonNull(byHash.get(hash)).with(left - 1, clock.instant()));
        }
    }

    /** Makes a token; what it reads is the key. */
    synchronized Map.Entry<String, TokenView> create(TokenRequest request) {
        if (byHash.size() >= MOST) {
            throw MusterException.conflict("there are " + MOST + " tokens already; revoke what is not needed");
        }
        var now = clock.instant();
        var text = text();
        var hash = hash(text);
        var view = new TokenView(
                id(hash),
                request.owner(),
                request.role(),
                now,
                request.life() == null ? null : now.plus(request.life()),
                request.uses(),
                null);
        change(hash, new Entry(hash, view, null));
        return Map.entry(text, view);
    }

    /** The tokens as a worker has to know them: by keys that are good at no other, and that no token follows from. */
    synchronized List<ToWorker.Grant> grants(String worker) {
        var now = clock.instant();
        return byHash.values().stream()
                .filter(entry -> entry.view().role() != Role.WORKER && !entry.expired(now))
                .map(entry -> new ToWorker.Grant(
                        key(entry.hash(), worker),
                        entry.view().owner(),
                        entry.view().role(),
                        entry.view().expiresAt()))
                .toList();
    }

    /** What the holder of a token shows to a worker: HMAC-SHA-256 of the worker's id by the token's SHA-256. */
    static String key(String hash, String worker) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(HexFormat.of().parseHex(hash), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(("muster-worker:" + worker).getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HMAC", e);
        }
    }

    /** Tells from now on that tokens came or went. */
    synchronized void whenChanged(Runnable told) {
        changed = told;
    }

    synchronized List<TokenView> views() {
        return byHash.values().stream().map(Entry::view).toList();
    }

    synchronized void revoke(String id) {
        var entry = byHash.values().stream()
                .filter(known -> known.view().id().equals(id))
                .findFirst()
                .orElseThrow(() -> MusterException.notFound(
                        "token '" + Names.escape(id) + "' does not exist; 'token list' shows those that do"));
        if (entry.file() == null) {
            change(entry.hash(), null);
            return;
        }
        vault.writeText(entry.file(), text());
        keepInFile(entry.file(), entry.view().role(), entry.view().owner());
    }

    /** Sets or removes one, durably or not at all. */
    private void change(String hash, @Nullable Entry entry) {
        var before = new LinkedHashMap<>(byHash);
        if (entry == null) {
            byHash.remove(hash);
        } else {
            byHash.put(hash, entry);
        }
        try {
            save();
        } catch (MusterException e) {
            byHash.clear();
            byHash.putAll(before);
            throw e;
        }
        changed.run();
    }

    private void save() {
        var forgotten = clock.instant().minus(REMEMBERED);
        byHash.values().removeIf(entry -> entry.expired(forgotten));
        vault.writeText(FILE, byHash.values().stream().map(Entry::line).collect(Collectors.joining("\n")));
    }
}
