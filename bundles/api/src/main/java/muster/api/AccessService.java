package muster.api;

import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** Decides who may come in. Thread-safe. */
@ProviderType
public interface AccessService {
    /** Who holds this token; empty if it is unknown, expired or revoked. Takes the same time for every wrong token. */
    Optional<Caller> authenticate(String token);

    /**
     * Who has this name and password; empty if there is nobody. Slow for every wrong password.
     *
     * @throws MusterException TOO_MANY after too many wrong ones; of a realm elsewhere FORBIDDEN if it knows them by no role
     *     of the cluster, UNAVAILABLE if it does not answer
     */
    Optional<Caller> authenticate(String name, String password);

    /**
     * Takes a worker into the cluster.
     *
     * @param secret the join token, whole
     * @param worker the id it wants
     * @param publicKey X.509 SubjectPublicKeyInfo of its EC key, DER
     * @throws MusterException UNAUTHENTICATED for a wrong secret, INVALID for a bad id or key, CONFLICT for the id of a
     *     worker that is online
     */
    Enrolment enrol(String secret, String worker, byte[] publicKey);

    /**
     * Gives a worker a new certificate before its old one ends. Nothing secret is sent: replayed, it gives again a
     * certificate of which another has the key.
     *
     * @param certificate the old one, DER
     * @param publicKey X.509 SubjectPublicKeyInfo of its new EC key, DER
     * @param signature SHA256withECDSA over {@code publicKey}, by the old key
     * @throws MusterException UNAUTHENTICATED if the old certificate is not good today or the signature is not its
     *     holder's
     */
    Enrolment renew(byte[] certificate, byte[] publicKey, byte[] signature);

    /** Makes a token. What it reads is told here and never again. */
    IssuedToken create(TokenRequest request);

    /** Those that are good, and those that expired not long ago; oldest first. */
    List<TokenView> tokens();

    /**
     * Makes a token good for nothing, at once. One that lies in a file of the manager's security folder is replaced by a
     * new one there.
     *
     * @throws MusterException NOT_FOUND
     */
    void revoke(String id);

    /**
     * What REST listens with on an address. The files stay where they are while the service is registered. Empty for plain text,
     * which a developer's switch asks for.
     *
     * @throws MusterException INVALID if that is asked for on an address that others reach
     */
    Optional<TlsFiles> tls(String host);

    /**
     * What a new worker gets.
     *
     * @param worker its id
     * @param certificate its certificate, DER
     * @param authority the cluster's CA certificate, DER
     * @param brokerUrl where the broker is
     */
    record Enrolment(String worker, byte[] certificate, byte[] authority, String brokerUrl) {}

    /**
     * A new token.
     *
     * @param text what its holder needs
     */
    record IssuedToken(TokenView view, String text) {
        /** Without the secret. */
        @Override
        public String toString() {
            return "IssuedToken[" + view + "]";
        }
    }
}
