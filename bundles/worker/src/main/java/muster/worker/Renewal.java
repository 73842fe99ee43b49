package muster.worker;

import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import muster.api.MusterException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Renews a worker's certificate once two thirds of its life are over. Connections that are open go on by the old one. */
final class Renewal {
    /** How often it is looked at. */
    static final Duration INTERVAL = Duration.ofHours(6);

    private static final Logger LOG = LoggerFactory.getLogger(Renewal.class);

    private final Credentials credentials;
    private final List<URI> managers;
    private final Clock clock;

    Renewal(Credentials credentials, List<URI> managers, Clock clock) {
        this.credentials = credentials;
        this.managers = managers;
        this.clock = clock;
    }

    static Instant due(X509Certificate certificate) {
        var begins = certificate.getNotBefore().toInstant();
        var life = Duration.between(begins, certificate.getNotAfter().toInstant());
        return begins.plus(life.multipliedBy(2).dividedBy(3));
    }

    /** Renews the certificate if it is time. Whether it did; what failed is logged and tried again the next time. */
    boolean renewIfDue() throws InterruptedException {
        var id = credentials.identity().id();
        try {
            var entry = credentials.entry();
            if (clock.instant().isBefore(due((X509Certificate) entry.getCertificate()))) {
                return false;
            }
            credentials.renew(Enrolment.renew(managers, entry, id));
            LOG.info("The certificate of worker '{}' was renewed", id);
            return true;
        } catch (MusterException e) {
            LOG.warn("The certificate of worker '{}' is not renewed yet: {}", id, e.getMessage());
            return false;
        }
    }
}
