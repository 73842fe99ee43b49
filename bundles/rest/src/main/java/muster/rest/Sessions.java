package muster.rest;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Who has logged in from a browser: each by a token, which is asked for anew at each request. In memory alone, so that
 * nobody is logged in at a manager that has just started. Thread-safe.
 */
final class Sessions {
    /** The prefix binds it to this host and to TLS, whatever else the host serves. */
    static final String COOKIE = "__Host-muster";

    /** What a page of ours sends back, and a page of another site cannot know. */
    static final String CSRF_HEADER = "X-CSRF-Token";

    /** Of one token; the one that was used least recently gives way. */
    static final int MOST_OF_A_TOKEN = 16;

    static final int MOST = 10_000;

    private static final int SECRET_BYTES = 32;

    private final SecureRandom random = new SecureRandom();
    /** The one used least recently first. */
    private final Map<String, Session> sessions = new LinkedHashMap<>(16, 0.75f, true);

    private final long idleNanos;
    private final long lifeNanos;
    private final LongSupplier nanos;

    /**
     * @param idle after its last request a session ends
     * @param life after its login it ends in any case
     * @param nanos a monotonic clock
     */
    Sessions(Duration idle, Duration life, LongSupplier nanos) {
        idleNanos = idle.toNanos();
        lifeNanos = life.toNanos();
        this.nanos = nanos;
    }

    /** A login. Its secrets have no text. */
    static final class Session {
        private final String cookie;
        private final String token;
        private final String csrf;
        private final long beginNanos;
        private long lastNanos;

        private Session(String cookie, String token, String csrf, long now) {
            this.cookie = cookie;
            this.token = token;
            this.csrf = csrf;
            beginNanos = now;
            lastNanos = now;
        }

        String token() {
            return token;
        }

        String csrf() {
            return csrf;
        }

        /** Whether the request that came with it was made by a page of ours. */
        boolean made(@Nullable String given) {
            return given != null
                    && MessageDigest.isEqual(
                            given.getBytes(StandardCharsets.UTF_8), csrf.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** @param token a good one */
    synchronized Session open(String token) {
        var now = nanos.getAsLong();
        sessions.values().removeIf(session -> over(session, now));
        makeRoom(MOST_OF_A_TOKEN, session -> session.token.equals(token));
        makeRoom(MOST, session -> true);
        var session = new Session(secret(), token, secret(), now);
        sessions.put(session.cookie, session);
        return session;
    }

    private void makeRoom(int most, Predicate<Session> counted) {
        var all = sessions.values().stream().filter(counted).toList();
        if (all.size() >= most) {
            close(all.get(0));
        }
    }

    private String secret() {
        var bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** The login of that cookie, which counts as used; empty if there is none or it has ended. */
    synchronized Optional<Session> use(String cookie) {
        var session = sessions.get(cookie);
        if (session == null) {
            return Optional.empty();
        }
        var now = nanos.getAsLong();
        if (over(session, now)) {
            close(session);
            return Optional.empty();
        }
        session.lastNanos = now;
        return Optional.of(session);
    }

    private boolean over(Session session, long now) {
        return now - session.lastNanos >= idleNanos || now - session.beginNanos >= lifeNanos;
    }

    /** How long it still is good if it is used. */
    synchronized Duration left(Session session) {
        return Duration.ofNanos(Math.max(0, lifeNanos - (nanos.getAsLong() - session.beginNanos)));
    }

    synchronized void close(Session session) {
        sessions.remove(session.cookie);
    }

    synchronized int count() {
        return sessions.size();
    }

    /** What a browser keeps, and no script reads. */
    static String cookie(Session session) {
        return COOKIE + "=" + session.cookie + "; Path=/; Secure; HttpOnly; SameSite=Strict";
    }

    /** What makes it forget. */
    static String noCookie() {
        return COOKIE + "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0";
    }
}
