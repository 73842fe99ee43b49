package muster.manager.security;

import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import muster.transport.CertificateRegister;
import muster.transport.CertificateRegister.Entry;
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

    private final Vault vault;
    private final Clock clock;
    private final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();
    private CertificateRegister register = CertificateRegister.EMPTY;
    private CertificateRegister told = CertificateRegister.EMPTY;
    private Consumer<CertificateRegister> follower = revoked -> {};

    /** Known workers all of whose certificates are revoked; asked for with every message. */
    private volatile Set<String> turnedAway = Set.of();

    Certificates(Vault vault, Clock clock) {
        this.vault = vault;
        this.clock = clock;
        read();
    }

    /** Reads them again, as they are now. */
    synchronized void read() {
        try {
            register = vault.readText(FILE).map(CertificateRegister::parse).orElse(CertificateRegister.EMPTY);
        } catch (IllegalArgumentException e) {
            throw vault.damaged(FILE, "restore it, or remove it and let every worker join anew", e);
        }
        turnedAway = turnedAway(register.entries());
    }

    private static Set<String> turnedAway(List<Entry> entries) {
        var known = entries.stream().map(Entry::worker).collect(Collectors.toSet());
        entries.stream().filter(entry -> entry.revokedAt() == null).forEach(entry -> known.remove(entry.worker()));
        return Set.copyOf(known);
    }

    /** Registers the first certificate of a worker that joins; others that it had are revoked. */
    synchronized void joined(String worker, X509Certificate certificate) {
        var had = register.entries().stream().anyMatch(entry -> of(entry, worker) && entry.good(clock.instant()));
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
        return register.entries().stream().anyMatch(entry -> of(entry, worker));
    }

    /** Revokes every certificate of a worker, durably, and tells who listens. */
    synchronized void revoke(String worker) {
        if (knows(worker)) {
            change(worker, null, true);
        } else {
            // stands for certificates that the register never saw
            var entry = new Entry(BigInteger.ZERO, worker, Instant.MAX, clock.instant());
            save(plus(register.entries(), entry));
        }
        tell(worker);
    }

    private void change(String worker, @Nullable X509Certificate added, boolean revokesOthers) {
        var now = clock.instant();
        var after = new ArrayList<Entry>();
        for (var entry : register.entries()) {
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
        var changed = new CertificateRegister(after);
        vault.writeText(FILE, changed.text());
        register = changed;
        turnedAway = turnedAway(after);
        var revoked = register.ofRevoked();
        if (!revoked.equals(told)) {
            told = revoked;
            follower.accept(revoked);
        }
    }

    /**
     * Tells what the register says of the workers of which some certificate is revoked, now and whenever that changes;
     * takes the place of who was told before.
     */
    synchronized void follow(Consumer<CertificateRegister> consumer) {
        follower = consumer;
        told = register.ofRevoked();
        consumer.accept(told);
    }

    private void tell(String worker) {
        listeners.forEach(listener -> listener.accept(worker));
    }

    /** Whether a worker has a certificate with which it may come. */
    synchronized boolean good(String worker) {
        return register.entries().stream().anyMatch(entry -> of(entry, worker) && entry.good(clock.instant()));
    }

    /** Whether all certificates that a worker had are revoked. */
    boolean turnedAway(String worker) {
        return turnedAway.contains(worker);
    }

    @Override
    public synchronized boolean revoked(X509Certificate certificate) {
        return register.revoked(certificate);
    }

    @Override
    public Listening onRevoked(Consumer<String> worker) {
        listeners.add(worker);
        return () -> listeners.remove(worker);
    }
}
