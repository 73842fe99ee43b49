package muster.manager.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import muster.api.MusterException;
import org.apache.karaf.jaas.config.KeystoreInstance;
import org.jspecify.annotations.Nullable;

/** Authorities whose servers Karaf's modules may speak to, read from a file of PEM. It holds no keys. */
public final class TrustedAuthorities implements KeystoreInstance {
    private final String name;
    private final List<Certificate> certificates;

    /** @throws MusterException INVALID if the file has no certificates or cannot be read */
    public TrustedAuthorities(String name, Path file) {
        this.name = name;
        try (var in = Files.newInputStream(file)) {
            certificates =
                    new ArrayList<>(CertificateFactory.getInstance("X.509").generateCertificates(in));
        } catch (IOException | GeneralSecurityException e) {
            throw MusterException.invalid(
                    "the certificates of authorities in " + file + " cannot be read: " + e.getMessage());
        }
        if (certificates.isEmpty()) {
            throw MusterException.invalid(file + " has no certificate of an authority");
        }
    }

    @Override
    public TrustManager[] getTrustManager(String store) throws KeyStoreException, NoSuchAlgorithmException {
        try {
            var trusted = KeyStore.getInstance(getType());
            trusted.load(null, null);
            for (var alias : listTrustCertificates()) {
                trusted.setCertificateEntry(alias, getCertificate(alias));
            }
            var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(trusted);
            return managers.getTrustManagers();
        } catch (IOException | CertificateException e) {
            throw new KeyStoreException(e);
        }
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public int getRank() {
        return 0;
    }

    @Override
    public String getType() {
        return "PKCS12";
    }

    /** They are numbered. */
    @Override
    public String[] listTrustCertificates() {
        var aliases = new String[certificates.size()];
        for (var i = 0; i < aliases.length; i++) {
            aliases[i] = Integer.toString(i);
        }
        return aliases;
    }

    @Override
    public Certificate getCertificate(String alias) {
        return certificates.get(Integer.parseInt(alias));
    }

    @Override
    public @Nullable String getCertificateAlias(Certificate certificate) {
        var index = certificates.indexOf(certificate);
        return index < 0 ? null : Integer.toString(index);
    }

    @Override
    public Certificate[] getCertificateChain(String alias) {
        return new Certificate[] {getCertificate(alias)};
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
        return null;
    }

    @Override
    public boolean isKeystoreLocked() {
        return false;
    }

    @Override
    public boolean isKeyLocked(String alias) {
        return false;
    }

    @Override
    public KeyManager[] getKeyManager(String algorithm, String alias) {
        return new KeyManager[0];
    }
}
