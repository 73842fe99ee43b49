package muster.transport;

import java.security.cert.X509Certificate;
import java.util.function.Consumer;
import org.osgi.annotation.versioning.ProviderType;

/** Knows which certificates of the cluster's CA are good no longer. An OSGi service of the manager. Thread-safe. */
@ProviderType
public interface Revocations {
    /** Whether a certificate that the CA has signed must be turned away. */
    boolean revoked(X509Certificate certificate);

    /** Tells the id of each worker some of whose certificates are revoked from now on; until closed. */
    Listening onRevoked(Consumer<String> worker);

    /** Ends what it stands for. */
    interface Listening extends AutoCloseable {
        @Override
        void close();
    }
}
