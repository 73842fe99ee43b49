package muster.manager.security;

import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import muster.transport.NodeName;
import muster.transport.Revocations;
import org.jspecify.annotations.Nullable;

/**
 * The register of the workers' certificates: which were given and which were revoked.
 * A certificate of a worker that the register knows is good only if it stands there; one of a worker that it does not
 * know at all, as after a backup was restored, is good if the CA has signed it. Thread-safe.
 */
final class Certificates implements Revocations {
    /** Its name in the vault. */
    static final String FILE = "certificates";

    private static final int FIELDS = 4;
    private static final String NONE = "-";
    private static final int HEXADECIMAL = 16;

    private final Vault vault;
    private final Clock clock;
    private final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();
    private List<Entry> entries = List.of();

    /** Known workers all of whose certificates are revoked; asked for with every message. */
    private volatile Set<String> turnedAway = Set.of();

    private record Entry(
            BigInteger serial,
            String worker,
            Instant ends,
            @Nullable Instant revokedAt) {
        String line() {
            return String.join(
                    " ",
                    serial.toString(HEXADECIMAL),
                    worker,
                    ends.toString(),
                    revokedAt == null ? NONE : revokedAt.toString());
        }

        static Entry of(String line) {
            var fields = line.split(" ", -1);
            if (fields.length != FIELDS) {
                throw new IllegalArgumentException("a line has " + fields.length + " fields");
            }
            return new Entry(
                    new BigInteger(fields[0], HEXADECIMAL),
                    fields[1],
                    Instant.parse(fields[2]),
                    fields[3].equals(NONE) ? null : Instant.parse(fields[3]));
        }

        Entry revoked(Instant at) {
            return revokedAt == null ? new Entry(serial, worker, ends, at) : this;
        }

        boolean good(Instant now) {
            return revokedAt == null && now.isBefore(ends);
        }
    }

    Certificates(Vault vault, Clock clock) {
        this.vault = vault;
        this.clock = clock;
        read();
    }

    /** Reads them again, as they are now. */
    synchronized void read() {
        try {
            entries = vault.readText(FILE).stream()
                    .flatMap(String::lines)
                    .map(Entry::of)
                    .toList();
        } catch (IllegalArgumentException | DateTimeException e) {
            throw vault.damaged(FILE, "restore it, or remove it and let every worker join anew", e);
        }
        turnedAway = turnedAway(entries);
    }

    private static Set<String> turnedAway(List<Entry> entries) {
        var known = entries.stream().map(Entry::worker).collect(Collectors.toSet());
        entries.stream().filter(entry -> entry.revokedAt() == null).forEach(entry -> known.remove(entry.worker()));
        return Set.copyOf(known);
    }

    /** Registers the first certificate of a worker that joins; others that it had are revoked. */
    synchronized void joined(String worker, X509Certificate certificate) {
        var had = entries.stream().anyMatch(entry -> of(entry, worker) && entry.good(clock.instant()));
        change(worker, certificate, true);
        if (had) {
            tell(worker);
        }
    }

    /** Registers a further certificate of a worker, beside those that it has. */
    synchronized void renewed(String worker, X509Certificate certificate) {
        change(worker, certificate, false);
    }

    /** Whether a worker has or had a certificate. */
    synchronized boolean knows(String worker) {
        return entries.stream().anyMatch(entry -> of(entry, worker));
    }

    /** Revokes every certificate of a worker, durably, and tells who listens. */
    synchronized void revoke(String worker) {
        if (knows(worker)) {
            change(worker, null, true);
        } else {
            // stands for certificates that the register never saw
            var entry = new Entry(BigInteger.ZERO, worker, Instant.MAX, clock.instant());
            save(plus(entries, entry));
        }
        tell(worker);
    }

    private void change(String worker, @Nullable X509Certificate added, boolean revokesOthers) {
        var now = clock.instant();
        var after = new ArrayList<Entry>();
        for (var entry : entries) {
            if (now.isBefore(entry.ends())) {
                after.add(revokesOthers && of(entry, worker) ? entry.revoked(now) : entry);
            }
        }
        save(
                added == null
                        ? after
                        : plus(
                                after,
                                new Entry(
                                        added.getSerialNumber(),
                                        worker,
                                        added.getNotAfter().toInstant(),
                                        null)));
    }

    private static boolean of(Entry entry, String worker) {
        return entry.worker().equals(worker);
    }

    private static List<Entry> plus(List<Entry> entries, Entry entry) {
        var all = new ArrayList<>(entries);
        all.add(entry);
        return all;
    }

    private void save(List<Entry> after) {
        vault.writeText(FILE, after.stream().map(Entry::line).collect(Collectors.joining("\n")));
        entries = after;
        turnedAway = turnedAway(after);
    }

    private void tell(String worker) {
        listeners.forEach(listener -> listener.accept(worker));
    }

    /** Whether a worker has a certificate with which it may come. */
    synchronized boolean good(String worker) {
        return entries.stream().anyMatch(entry -> of(entry, worker) && entry.good(clock.instant()));
    }

    /** Whether all certificates that a worker had are revoked. */
    boolean turnedAway(String worker) {
        return turnedAway.contains(worker);
    }

    @Override
    public synchronized boolean revoked(X509Certificate certificate) {
        var name = NodeName.of(certificate).orElse(null);
        if (name == null || name.role() != NodeName.Role.WORKER) {
            return false;
        }
        var known = entries.stream().filter(entry -> of(entry, name.id())).toList();
        return !known.isEmpty()
                && known.stream()
                        .noneMatch(entry ->
                                entry.serial().equals(certificate.getSerialNumber()) && entry.revokedAt() == null);
    }

    @Override
    public Listening onRevoked(Consumer<String> worker) {
        listeners.add(worker);
        return () -> listeners.remove(worker);
    }
}
