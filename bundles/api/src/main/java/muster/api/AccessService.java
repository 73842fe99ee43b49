package muster.api;

import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** Decides who may come in. Thread-safe. */
@ProviderType
public interface AccessService {
    /** Who holds this token; empty if nobody does. Takes the same time for every wrong token. */
    Optional<Caller> authenticate(String token);

    /**
     * Takes a worker into the cluster.
     *
     * @param secret the join token, whole
     * @param worker the id it wants
     * @param publicKey X.509 SubjectPublicKeyInfo of its EC key, DER
     * @throws MusterException UNAUTHENTICATED for a wrong secret, INVALID for a bad id or key
     */
    Enrolment enrol(String secret, String worker, byte[] publicKey);

    /** What REST listens with. The files stay where they are while the service is registered. */
    TlsFiles tls();

    /**
     * What a new worker gets.
     *
     * @param certificate its certificate, DER
     * @param authority the cluster's CA certificate, DER
     * @param brokerUrl where the broker is
     */
    record Enrolment(byte[] certificate, byte[] authority, String brokerUrl) {}
}
