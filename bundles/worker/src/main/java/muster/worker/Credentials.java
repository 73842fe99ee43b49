package muster.worker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.transport.BrokerAddress;
import muster.transport.NodeIdentity;

/**
 * What a worker keeps of its enrolment, in files that only its user can read.
 *
 * @param manager id of the manager that it enrolled with
 */
public record Credentials(NodeIdentity identity, BrokerAddress broker, String manager) {
    private static final String KEY_STORE = "worker.p12";
    private static final String TRUST_STORE = "worker-trust.p12";
    private static final String ALIAS = "worker";
    private static final String PROPERTIES = "worker.properties";
    private static final int PASSWORD_BYTES = 24;

    /** Reads what {@link #store} wrote; empty if the worker has not enrolled. */
    static Optional<Credentials> load(Path folder) {
        // written last, so it vouches for the others
        if (!Files.exists(folder.resolve(KEY_STORE))) {
            return Optional.empty();
        }
        var file = folder.resolve(PROPERTIES);
        var properties = new Properties();
        try (var reader = Files.newBufferedReader(file)) {
            properties.load(reader);
            return Optional.of(of(
                    folder,
                    require(properties, "id"),
                    require(properties, "password"),
                    BrokerAddress.parse(require(properties, "broker")),
                    require(properties, "manager")));
        } catch (IOException | IllegalArgumentException e) {
            throw new MusterException(
                    ErrorCode.INTERNAL,
                    "cannot read '" + file + "': " + e.getMessage()
                            + "; make it readable, or delete the files worker* in that folder to enrol anew",
                    e);
        }
    }

    /** The worker's key and its certificates. */
    KeyStore.PrivateKeyEntry entry() {
        var password = identity.password().toCharArray();
        try {
            var store = KeyStore.getInstance(identity.keyStore().toFile(), password);
            return (KeyStore.PrivateKeyEntry) store.getEntry(ALIAS, new KeyStore.PasswordProtection(password));
        } catch (IOException | GeneralSecurityException e) {
            throw new MusterException(
                    ErrorCode.INTERNAL, "cannot read the worker's key in '" + identity.keyStore() + "': " + e, e);
        }
    }

    /** Replaces the key and the certificate, for connections that are opened from now on. */
    void renew(Enrolment renewal) {
        try {
            write(identity.keyStore(), keys(renewal, identity.password()));
        } catch (IOException | GeneralSecurityException e) {
            throw new MusterException(
                    ErrorCode.INTERNAL, "cannot keep the worker's key in '" + identity.keyStore() + "': " + e, e);
        }
    }

    private static byte[] keys(Enrolment enrolment, String password) throws IOException, GeneralSecurityException {
        var keys = empty();
        keys.setKeyEntry(ALIAS, enrolment.key().getPrivate(), password.toCharArray(), new Certificate[] {
            enrolment.certificate(), enrolment.authority()
        });
        return bytes(keys, password);
    }

    /** Writes each file whole or not at all, the key store last. */
    public static Credentials store(Path folder, String id, Enrolment enrolment) {
        var random = new byte[PASSWORD_BYTES];
        new SecureRandom().nextBytes(random);
        var password = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        try {
            Files.createDirectories(folder);
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
            var properties = new Properties();
            properties.setProperty("id", id);
            properties.setProperty("password", password);
            properties.setProperty("broker", enrolment.broker().toString());
            properties.setProperty("manager", enrolment.manager());
            var text = new StringWriter();
            properties.store(text, null);
            write(folder.resolve(PROPERTIES), text.toString().getBytes(StandardCharsets.UTF_8));

            var trust = empty();
            trust.setCertificateEntry("authority", enrolment.authority());
            write(folder.resolve(TRUST_STORE), bytes(trust, password));

            write(folder.resolve(KEY_STORE), keys(enrolment, password));
        } catch (IOException | GeneralSecurityException e) {
            throw new MusterException(
                    ErrorCode.INTERNAL,
                    "cannot keep the worker's key in '" + folder + "': " + e + "; make the folder writable",
                    e);
        }
        return of(folder, id, password, enrolment.broker(), enrolment.manager());
    }

    private static Credentials of(Path folder, String id, String password, BrokerAddress broker, String manager) {
        return new Credentials(
                new NodeIdentity(id, folder.resolve(KEY_STORE), folder.resolve(TRUST_STORE), password),
                broker,
                manager);
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static byte[] bytes(KeyStore store, String password) throws GeneralSecurityException, IOException {
        var bytes = new ByteArrayOutputStream();
        store.store(bytes, password.toCharArray());
        return bytes.toByteArray();
    }

    private static void write(Path file, byte[] bytes) throws IOException {
        var fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (var channel = FileChannel.open(
                fresh, Set.copyOf(EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)), ownerOnly)) {
            var buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String require(Properties properties, String key) {
        var value = properties.getProperty(key);
        if (value == null) {
            throw new IllegalArgumentException("key '" + key + "' is missing");
        }
        return value;
    }
}
