package muster.transport;

import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which certificates workers were given, and which of them were revoked. A certificate of a worker that stands here is
 * good only if it stands here itself and is not revoked; one of a worker that does not stand here at all is good.
 */
public record CertificateRegister(List<Entry> entries) {
    public static final CertificateRegister EMPTY = new CertificateRegister(List.of());

    private static final int FIELDS = 4;
    private static final String NEVER = "-";
    private static final int HEXADECIMAL = 16;

    /**
     * A certificate.
     *
     * @param ends when it is good no longer in any case
     * @param revokedAt null while it is not revoked
     */
    public record Entry(
            BigInteger serial,
            String worker,
            Instant ends,
            @Nullable Instant revokedAt) {
        private String line() {
            return String.join(
                    " ",
                    serial.toString(HEXADECIMAL),
                    worker,
                    ends.toString(),
                    revokedAt == null ? NEVER : revokedAt.toString());
        }

        private static Entry of(String line) {
            var fields = line.split(" ", -1);
            if (fields.length != FIELDS) {
                throw new IllegalArgumentException("a line has " + fields.length + " fields");
            }
            return new Entry(
                    new BigInteger(fields[0], HEXADECIMAL),
                    fields[1],
                    Instant.parse(fields[2]),
                    fields[3].equals(NEVER) ? null : Instant.parse(fields[3]));
        }

        /** The same, revoked by now. */
        public Entry revoked(Instant at) {
            return revokedAt == null ? new Entry(serial, worker, ends, at) : this;
        }

        /** Whether its worker may come by it. */
        public boolean good(Instant now) {
            return revokedAt == null && now.isBefore(ends);
        }
    }

    public CertificateRegister {
        entries = List.copyOf(entries);
    }

    /**
     * Reads what {@link #text} has written.
     *
     * @throws IllegalArgumentException if it is something else
     */
    public static CertificateRegister parse(String text) {
        try {
            return new CertificateRegister(text.lines().map(Entry::of).toList());
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** A line of ASCII for each certificate. */
    public String text() {
        return entries.stream().map(Entry::line).collect(Collectors.joining("\n"));
    }

    /** Whether a certificate that the CA has signed must be turned away. */
    public boolean revoked(X509Certificate certificate) {
        var name = NodeName.of(certificate).orElse(null);
        if (name == null || name.role() != NodeName.Role.WORKER) {
            return false;
        }
        var known = entries.stream()
                .filter(entry -> entry.worker().equals(name.id()))
                .toList();
        return !known.isEmpty()
                && known.stream()
                        .noneMatch(entry ->
                                entry.serial().equals(certificate.getSerialNumber()) && entry.revokedAt() == null);
    }

    /** What it says of the workers of which some certificate was revoked: enough to turn away all that were. */
    public CertificateRegister ofRevoked() {
        var workers = entries.stream()
                .filter(entry -> entry.revokedAt() != null)
                .map(Entry::worker)
                .collect(Collectors.toSet());
        return new CertificateRegister(entries.stream()
                .filter(entry -> workers.contains(entry.worker()))
                .toList());
    }

    /** Workers of which this revokes a certificate and that did not yet. */
    public List<String> revokedSince(CertificateRegister before) {
        var old = new HashSet<>(before.entries);
        return entries.stream()
                .filter(entry -> entry.revokedAt() != null && !old.contains(entry))
                .map(Entry::worker)
                .distinct()
                .toList();
    }
}
