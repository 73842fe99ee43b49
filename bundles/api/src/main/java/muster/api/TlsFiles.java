package muster.api;

import java.nio.file.Path;

/**
 * What a server of this cluster shows its clients.
 *
 * @param keyStore PKCS #12 with one private key and its chain: the node's own certificate, then the CA's
 * @param password of the key store and the key
 */
public record TlsFiles(Path keyStore, String password) {
    /** Without the password. */
    @Override
    public String toString() {
        return "TlsFiles[keyStore=" + keyStore + "]";
    }
}
