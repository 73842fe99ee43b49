package muster.manager.security;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import muster.api.ErrorCode;
import muster.api.MusterException;

/**
 * Where the cluster's secrets are kept: its CA, its tokens, and the register of certificates. Thread-safe. Every method
 * fails with UNAVAILABLE if what it says cannot be done.
 */
interface Vault {
    /** What is kept by that name; empty if nothing is. */
    Optional<byte[]> read(String name);

    /** Keeps the first secrets of a cluster, in this order. Where others were kept meanwhile, those stand. */
    void begin(Map<String, byte[]> secrets);

    /** Keeps this from now on; durable when it returns. */
    void write(String name, byte[] bytes);

    /** Says where a secret lies, for who has to mend it. */
    String place(String name);

    /** Text without the line's end. */
    default Optional<String> readText(String name) {
        return read(name).map(bytes -> new String(bytes, StandardCharsets.US_ASCII).strip());
    }

    default void writeText(String name, String text) {
        write(name, (text + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    /** What is kept by that name is not what was written. */
    default MusterException damaged(String name, String how, Exception cause) {
        return new MusterException(
                ErrorCode.UNAVAILABLE, place(name) + " is damaged (" + cause.getMessage() + "); " + how, cause);
    }
}
