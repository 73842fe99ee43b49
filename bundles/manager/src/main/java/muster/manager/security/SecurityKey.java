package muster.manager.security;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import muster.api.ErrorCode;
import muster.api.MusterException;
import org.jspecify.annotations.Nullable;

/**
 * The key that the managers of a cluster share, by which its secrets are encrypted in the store: AES-256-GCM (NIST SP
 * 800-38D) with a random nonce of 96 bits, bound to the secret's name. What it makes is a byte for the form, the nonce, and
 * the ciphertext with its tag. Thread-safe.
 */
public final class SecurityKey {
    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final byte FORM = 1;
    private static final String CIPHER = "AES/GCM/NoPadding";

    private static final SecureRandom RANDOM = new SecureRandom();

    private final String place;
    private final SecretKey key;

    /**
     * @param place where it lies, for who has to mend it
     * @throws IllegalArgumentException if it has not 32 bytes
     */
    SecurityKey(String place, byte[] key) {
        if (key.length != KEY_BYTES) {
            throw new IllegalArgumentException("it has " + key.length + " bytes, not " + KEY_BYTES);
        }
        this.place = place;
        this.key = new SecretKeySpec(key, "AES");
    }

    /**
     * Reads the key: 32 bytes in base64.
     *
     * @throws MusterException UNAVAILABLE if it is not there, INVALID if it is none or others may read it
     */
    public static SecurityKey read(Path file) {
        try {
            var permissions = Files.getPosixFilePermissions(file);
            if (permissions.contains(PosixFilePermission.OTHERS_READ)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
                throw MusterException.invalid("security.key " + file
                        + " can be read or written by every user of this machine; run chmod 600 " + file);
            }
            var bytes = Base64.getDecoder().decode(Files.readString(file).strip());
            if (bytes.length == KEY_BYTES) {
                return new SecurityKey(file.toString(), bytes);
            }
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "security.key " + file + " cannot be read: " + e.getMessage()
                            + "; make it readable for the manager's user",
                    e);
        } catch (IllegalArgumentException e) {
            throw noKey(file, e);
        }
        throw noKey(file, null);
    }

    private static MusterException noKey(Path file, @Nullable Exception cause) {
        return new MusterException(
                ErrorCode.INVALID,
                "security.key " + file + " does not hold 32 bytes in base64; make one with: openssl rand -base64 32",
                cause);
    }

    /** Bytes for a new one. */
    static byte[] random() {
        var bytes = new byte[KEY_BYTES];
        RANDOM.nextBytes(bytes);
        return bytes;
    }

    /** Encrypts a secret. */
    byte[] seal(String name, byte[] secret) {
        var encrypted = new byte[1 + NONCE_BYTES];
        RANDOM.nextBytes(encrypted);
        encrypted[0] = FORM;
        try {
            var ciphertext = cipher(Cipher.ENCRYPT_MODE, name, encrypted).doFinal(secret);
            var length = encrypted.length;
            encrypted = Arrays.copyOf(encrypted, length + ciphertext.length);
            System.arraycopy(ciphertext, 0, encrypted, length, ciphertext.length);
            return encrypted;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has AES-GCM", e);
        }
    }

    /**
     * Decrypts what {@link #seal} made.
     *
     * @throws MusterException UNAVAILABLE if it was made by another key, for another name, or was changed
     */
    byte[] open(String name, byte[] encrypted) {
        var begin = 1 + NONCE_BYTES;
        try {
            if (encrypted.length >= begin + TAG_BITS / 8 && encrypted[0] == FORM) {
                return cipher(Cipher.DECRYPT_MODE, name, encrypted).doFinal(encrypted, begin, encrypted.length - begin);
            }
        } catch (AEADBadTagException e) {
            throw foreign(name, e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has AES-GCM", e);
        }
        throw foreign(name, null);
    }

    private MusterException foreign(String name, @Nullable Exception cause) {
        return new MusterException(
                ErrorCode.UNAVAILABLE,
                "'" + name + "' in the store was not encrypted by " + place
                        + "; give this manager the key by which it was",
                cause);
    }

    private Cipher cipher(int mode, String name, byte[] encrypted) throws GeneralSecurityException {
        var cipher = Cipher.getInstance(CIPHER);
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, encrypted, 1, NONCE_BYTES));
        cipher.updateAAD(name.getBytes(StandardCharsets.UTF_8));
        return cipher;
    }

    @Override
    public String toString() {
        return "SecurityKey[" + place + "]";
    }
}
