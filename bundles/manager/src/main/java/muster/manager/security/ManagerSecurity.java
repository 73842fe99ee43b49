package muster.manager.security;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import muster.api.AccessService;
import muster.api.Caller;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Role;
import muster.api.TlsFiles;
import muster.api.TokenRequest;
import muster.api.TokenView;
import muster.manager.store.Store;
import muster.transport.CertificateRegister;
import muster.transport.NodeIdentity;
import muster.transport.Plaintext;
import muster.transport.Revocations;
import muster.transport.ToWorker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What makes a cluster safe from its first start: the CA, the manager's certificate, the administrator's token and the
 * token by which workers join. All lies in one folder of mode 0700; or in the store, encrypted, what a second manager needs
 * as well. Thread-safe.
 */
public final class ManagerSecurity {
    private static final Logger LOG = LoggerFactory.getLogger(ManagerSecurity.class);
    private static final String PASSWORD = "keystore.password";
    private static final String AUTHORITY = "ca.p12";
    private static final String KEY_STORE = "manager.p12";
    private static final String TRUST_STORE = "trust.p12";
    private static final String TRIAL_KEY_STORE = "trial.p12";
    private static final String BROKER = "broker";
    private static final String BROKER_KEY_STORE = "broker.p12";
    private static final String ADMIN = "admin.token";
    private static final String JOIN = "join.token";
    private static final String TASK_SECRETS = "secrets.key";
    private static final int PASSWORD_BYTES = 32;

    /** What a stranger is told: not who leads. */
    private static final String STANDS_BY = "this manager stands by; ask the one that leads";

    private final Vault vault;
    private final CertificateAuthority authority;
    private final NodeIdentity identity;
    private final NodeIdentity trial;
    private final Tokens tokens;
    private final Certificates certificates;

    /** Whether this manager leads, or else who does. */
    public interface Lead {
        boolean held();

        /** Why it is not held. */
        String why();
    }

    /** With all of it in files of the folder. */
    public ManagerSecurity(Path folder, String id, List<String> names, Clock clock) {
        this(folder, id, names, clock, new SecretFiles(folder));
        keepFiles();
    }

    /**
     * With what other managers need as well in the store. Tokens and workers are those of this moment until {@link #lead}.
     *
     * @param store to read from, which may be closed after that
     */
    public ManagerSecurity(Path folder, String id, List<String> names, Clock clock, SecurityKey key, Store store) {
        this(folder, id, names, clock, shared(folder, key, store));
    }

    private static Vault shared(Path folder, SecurityKey key, Store store) {
        return new StoredSecrets(
                new SecretFiles(folder),
                List.of(PASSWORD, AUTHORITY),
                List.of(Tokens.FILE, Certificates.FILE, ADMIN, JOIN, TASK_SECRETS),
                List.of(ADMIN, JOIN),
                key,
                store);
    }

    /**
     * Reads what is there and makes what is not. The manager's certificate is new with each start.
     *
     * @param names further names that REST's certificate carries
     */
    private ManagerSecurity(Path folder, String id, List<String> names, Clock clock, Vault vault) {
        this.vault = vault;
        var files = new SecretFiles(folder);
        try {
            if (vault.read(AUTHORITY).isEmpty()) {
                begin(vault, clock);
            }
            var password = vault.readText(PASSWORD).orElseThrow(() -> new IOException(PASSWORD + " is missing"));
            authority = CertificateAuthority.open(
                    vault.read(AUTHORITY).orElseThrow(() -> new IOException(AUTHORITY + " is missing")),
                    password.toCharArray(),
                    clock);
            files.write(KEY_STORE, authority.managerKeyStore(id, allNames(names), password.toCharArray()));
            files.write(TRUST_STORE, authority.trustStore(password.toCharArray()));
            identity = new NodeIdentity(id, files.path(KEY_STORE), files.path(TRUST_STORE), password);
            // no real worker's, nor that of another manager that tries the same broker
            var nobody = "trial-" + UUID.randomUUID();
            files.write(TRIAL_KEY_STORE, authority.workerKeyStore(nobody, password.toCharArray()));
            trial = new NodeIdentity(nobody, files.path(TRIAL_KEY_STORE), files.path(TRUST_STORE), password);
            writeForBroker(new SecretFiles(folder.resolve(BROKER)));
            var fingerprint = CertificateAuthority.base64(MessageDigest.getInstance("SHA-256")
                    .digest(authority.certificate().getEncoded()));
            tokens = new Tokens(vault, fingerprint, clock);
            certificates = new Certificates(vault, clock);
        } catch (IOException | GeneralSecurityException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "the cluster's authority, " + vault.place(AUTHORITY) + ", cannot be used: " + e.getMessage()
                            + "; restore it from a backup",
                    e);
        }
    }

    private static void begin(Vault vault, Clock clock) throws IOException, GeneralSecurityException {
        var password = vault.readText(PASSWORD).orElseGet(ManagerSecurity::secret);
        var secrets = new LinkedHashMap<String, byte[]>();
        // the authority last: it is looked for first
        secrets.put(PASSWORD, (password + "\n").getBytes(StandardCharsets.US_ASCII));
        secrets.put(AUTHORITY, CertificateAuthority.create(clock).keyStore(password.toCharArray()));
        vault.begin(secrets);
    }

    private void keepFiles() {
        tokens.keepInFile(ADMIN, Role.ADMIN, "admin");
        tokens.keepInFile(JOIN, Role.WORKER, "admin");
    }

    /** What an external broker needs to prove that it is this cluster's: a folder to copy to its machine. */
    private void writeForBroker(SecretFiles files) throws IOException, GeneralSecurityException {
        var kept = files.readText(PASSWORD);
        var password = kept.orElseGet(ManagerSecurity::secret);
        if (kept.isEmpty()) {
            files.writeText(PASSWORD, password);
        }
        files.write(BROKER_KEY_STORE, authority.managerKeyStore(BROKER, List.of(), password.toCharArray()));
        files.write(TRUST_STORE, authority.trustStore(password.toCharArray()));
    }

    /**
     * Begins to lead: reads again what another manager may have changed, and may change it from now on.
     *
     * @param store which holds its lease
     */
    public void lead(Store store) {
        if (vault instanceof StoredSecrets shared) {
            shared.lead(store);
            tokens.read();
            certificates.read();
            keepFiles();
        }
    }

    /** Changes nothing any more. */
    public void standBy() {
        if (vault instanceof StoredSecrets shared) {
            shared.standBy();
        }
    }

    private static List<String> allNames(List<String> names) {
        var all = new LinkedHashSet<>(List.of("localhost", "127.0.0.1", "::1"));
        try {
            all.add(InetAddress.getLocalHost().getHostName());
        } catch (UnknownHostException e) {
            LOG.debug("This host has no name", e);
        }
        all.addAll(names);
        return new ArrayList<>(all);
    }

    /**
     * What encrypts the secrets of tasks, by a key that is made when it is first asked for. This manager must lead.
     *
     * @throws MusterException UNAVAILABLE if the key cannot be read or kept
     */
    public TaskSecrets taskSecrets() {
        var kept = vault.read(TASK_SECRETS);
        var key = kept.orElseGet(SecurityKey::random);
        if (kept.isEmpty()) {
            vault.write(TASK_SECRETS, key);
        }
        try {
            return new TaskSecrets(new SecurityKey(vault.place(TASK_SECRETS), key));
        } catch (IllegalArgumentException e) {
            throw vault.damaged(TASK_SECRETS, "restore it from a backup", e);
        }
    }

    private static String secret() {
        var bytes = new byte[PASSWORD_BYTES];
        new SecureRandom().nextBytes(bytes);
        return CertificateAuthority.base64(bytes);
    }

    /** Who the manager is, for the broker and the link to it. */
    public NodeIdentity identity() {
        return identity;
    }

    /** A worker that is none, by which a broker's rules are tried. */
    public NodeIdentity trial() {
        return trial;
    }

    /** Which workers' certificates are good no longer. */
    public Revocations revocations() {
        return certificates;
    }

    /** Tells which certificates of workers to turn away, now and whenever that changes; one is told at a time. */
    public void whenRevoked(Consumer<CertificateRegister> told) {
        certificates.follow(told);
    }

    /**
     * Revokes every certificate of a worker, at once.
     *
     * @param seen whether there is such a worker, should the register not know it
     * @return false if there is none
     */
    public boolean revoke(String worker, boolean seen) {
        if (!seen && !certificates.knows(worker)) {
            return false;
        }
        certificates.revoke(worker);
        LOG.info("The certificates of worker '{}' are revoked", worker);
        return true;
    }

    /** Whom a worker is to answer at its own port. */
    public List<ToWorker.Grant> grants(String worker) {
        return tokens.grants(worker);
    }

    /** Tells from now on that {@link #grants} changed. */
    public void whenGrantsChange(Runnable told) {
        tokens.whenChanged(told);
    }

    /** Whether all certificates that a worker had are revoked. Cheap. */
    public boolean turnedAway(String worker) {
        return certificates.turnedAway(worker);
    }

    /**
     * @param brokerUrl where new workers find the broker
     * @param online whether a worker is heard now, so that nobody else may join by its id
     * @param passwords of users who have some
     * @param lead without it nothing is changed, and a token that is not known may be a new one
     */
    public AccessService access(Supplier<String> brokerUrl, Predicate<String> online, Passwords passwords, Lead lead) {
        return new AccessService() {
            @Override
            public Optional<Caller> authenticate(String token) {
                if (lead.held()) {
                    return tokens.caller(token);
                }
                var holder = tokens.holder(token);
                if (holder.isEmpty()) {
                    throw new MusterException(ErrorCode.UNAVAILABLE, STANDS_BY);
                }
                return holder;
            }

            @Override
            public Optional<Caller> authenticate(String name, String password) {
                return passwords.caller(name, password);
            }

            /** For who has shown a token of the cluster. */
            private void requireLead() {
                if (!lead.held()) {
                    throw new MusterException(ErrorCode.UNAVAILABLE, lead.why());
                }
            }

            @Override
            public IssuedToken create(TokenRequest request) {
                requireLead();
                var made = tokens.create(request);
                return new IssuedToken(made.getValue(), made.getKey());
            }

            @Override
            public List<TokenView> tokens() {
                requireLead();
                return tokens.views();
            }

            @Override
            public void revoke(String id) {
                requireLead();
                tokens.revoke(id);
            }

            @Override
            public Enrolment enrol(String secret, String worker, byte[] publicKey) {
                if (!lead.held()) {
                    throw new MusterException(ErrorCode.UNAVAILABLE, STANDS_BY);
                }
                var join = tokens.requireJoin(secret);
                Names.requireWorker(worker);
                var key = CertificateAuthority.publicKey(publicKey);
                if (certificates.good(worker) && online.test(worker)) {
                    throw MusterException.conflict("worker '" + worker
                            + "' is online; give the new one another id, or stop or remove the old one first");
                }
                tokens.join(secret);
                var certificate = sign(worker, key);
                certificates.joined(worker, certificate);
                LOG.info("Worker '{}' was given a certificate for join token {}", worker, join.id());
                return enrolment(worker, certificate);
            }

            @Override
            public Enrolment renew(byte[] certificate, byte[] publicKey, byte[] signature) {
                var old = CertificateAuthority.certificate(certificate);
                var worker = authority.worker(old);
                requireLead();
                if (certificates.revoked(old)) {
                    throw new MusterException(
                            ErrorCode.UNAUTHENTICATED,
                            "the certificate of worker '" + worker + "' was revoked; join anew with a join token");
                }
                requireSigned(old, publicKey, signature);
                var renewed = sign(worker, CertificateAuthority.publicKey(publicKey));
                certificates.renewed(worker, renewed);
                LOG.info("The certificate of worker '{}' was renewed", worker);
                return enrolment(worker, renewed);
            }

            private X509Certificate sign(String worker, PublicKey key) {
                try {
                    return authority.signWorker(worker, key);
                } catch (GeneralSecurityException e) {
                    throw new MusterException(
                            ErrorCode.INTERNAL, "worker '" + worker + "' cannot be given a certificate", e);
                }
            }

            private Enrolment enrolment(String worker, X509Certificate certificate) {
                try {
                    return new Enrolment(
                            worker,
                            certificate.getEncoded(),
                            authority.certificate().getEncoded(),
                            brokerUrl.get());
                } catch (GeneralSecurityException e) {
                    throw new MusterException(ErrorCode.INTERNAL, "a certificate cannot be encoded", e);
                }
            }

            @Override
            public Optional<TlsFiles> tls(String host) {
                if (Plaintext.CHOSEN) {
                    Plaintext.requireLoopback(host);
                    return Optional.empty();
                }
                return Optional.of(new TlsFiles(identity.keyStore(), identity.password()));
            }
        };
    }

    private static void requireSigned(X509Certificate certificate, byte[] bytes, byte[] signature) {
        try {
            var verifier = Signature.getInstance("SHA256withECDSA");
            verifier.initVerify(certificate);
            verifier.update(bytes);
            if (verifier.verify(signature)) {
                return;
            }
        } catch (GeneralSecurityException e) {
            LOG.debug("A signature could not be read", e);
        }
        throw new MusterException(
                ErrorCode.UNAUTHENTICATED,
                "signature is not that of the certificate's key over publicKey; only its holder can renew it");
    }
}
