package muster.transport;

import java.nio.file.Path;

/**
 * Proves who this node is. An OSGi service with the property {@value #ROLE}, registered once the files are there.
 *
 * @param id of the node: a worker's id, or the manager's
 * @param keyStore PKCS #12: the node's key, its certificate and the CA's
 * @param trustStore PKCS #12: the CA's certificate
 * @param password of both
 */
public record NodeIdentity(String id, Path keyStore, Path trustStore, String password) {
    /** Service property: {@code manager} or {@code worker}. */
    public static final String ROLE = "muster.role";

    /** Node ids stand in the certificate as a URI subject alternative name: this and the role, slash, id. */
    public static final String URI_PREFIX = "muster://";

    @Override
    public String toString() {
        return "NodeIdentity[id=" + id + ", keyStore=" + keyStore + "]";
    }
}
