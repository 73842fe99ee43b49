package muster.api;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What every task of a job gets to see and nobody else. Its value never is in its text, and in no specification that was
 * accepted.
 *
 * @param name of the environment variable, or of the file
 * @param place where a task finds it
 * @param value null in a specification that was accepted
 */
public record Secret(String name, Place place, byte @Nullable [] value) {
    /** Bytes of all secrets of a job together: they go with each message that starts some of its tasks. */
    public static final int MAX_BYTES = 64 << 10;

    public static final int MAX_COUNT = 64;

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");
    private static final String OURS = "MUSTER_";

    /** Where a task finds a secret. */
    public enum Place {
        /** In the variable of its name. */
        ENVIRONMENT,
        /** In the file of its name in the folder {@code MUSTER_SECRETS}, which only the task's user can read. */
        FILE
    }

    public Secret(String name, Place place, byte @Nullable [] value) {
        this.name = requireName(name);
        this.place = place;
        this.value = value == null ? null : value.clone();
        if (value != null) {
            requireFits(name, place, value);
        }
    }

    /** Letters, digits and underscores, as shells take them. */
    public static String requireName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw MusterException.invalid("secret name '" + Names.escape(name)
                    + "' is not allowed; use a letter or underscore, then up to 127 letters, digits or underscores");
        }
        if (name.toUpperCase(Locale.ROOT).startsWith(OURS)) {
            throw MusterException.invalid("secret name '" + name + "' begins with " + OURS
                    + ", as Muster's own variables do; choose another");
        }
        return name;
    }

    private static void requireFits(String name, Place place, byte[] value) {
        if (value.length > MAX_BYTES) {
            throw MusterException.invalid("secret '" + name + "' has " + value.length + " bytes; use at most "
                    + MAX_BYTES + ", and files as inputs for more");
        }
        if (place == Place.ENVIRONMENT && !isText(value)) {
            throw MusterException.invalid("secret '" + name
                    + "' is no text in UTF-8, or has a NUL, so that no variable can hold it; give it as a file");
        }
    }

    private static boolean isText(byte[] value) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(value))
                    .chars()
                    .noneMatch(c -> c == 0);
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    /** Different names, not too many, and together not too long. */
    static List<Secret> requireAll(List<Secret> secrets) {
        var names = new HashSet<String>();
        var bytes = 0L;
        for (var secret : secrets) {
            if (!names.add(secret.name)) {
                throw MusterException.invalid("two secrets are named '" + secret.name + "'; name each differently");
            }
            bytes += secret.value == null ? 0 : secret.value.length;
        }
        if (secrets.size() > MAX_COUNT || bytes > MAX_BYTES) {
            throw MusterException.invalid("the job has " + secrets.size() + " secrets of " + bytes
                    + " bytes together; use at most " + MAX_COUNT + " of " + MAX_BYTES + " bytes");
        }
        return List.copyOf(secrets);
    }

    /** @throws MusterException INVALID if it has none */
    public byte[] requireValue() {
        if (value == null) {
            throw MusterException.invalid("secret '" + name + "' has no value; send it with the job");
        }
        return value.clone();
    }

    @Override
    public byte @Nullable [] value() {
        return value == null ? null : value.clone();
    }

    /** The same without its value. */
    public Secret named() {
        return new Secret(name, place, null);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Secret secret
                && name.equals(secret.name)
                && place == secret.place
                && Arrays.equals(value, secret.value);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, place);
    }

    @Override
    public String toString() {
        return "Secret[" + name + ", " + Names.word(place) + "]";
    }
}
