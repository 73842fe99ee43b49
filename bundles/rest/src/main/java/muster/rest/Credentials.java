package muster.rest;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the Authorization header: tokens as Bearer, or as the password of Basic, which some programs have alone; else a
 * name and a password as Basic.
 */
final class Credentials {
    /** Longer headers are neither. */
    private static final int MAX_LENGTH = 4096;

    /** How tokens begin, and no password may. */
    private static final String TOKEN = "muster-";

    private Credentials() {}

    /** What somebody knows who has no token. */
    record Password(String name, String password) {
        /** Without the secret. */
        @Override
        public String toString() {
            return "Password[" + name + "]";
        }
    }

    /** The token in the header; empty if there is none. */
    static Optional<String> token(@Nullable String authorization) {
        var bearer = after("bearer", authorization);
        return bearer.isPresent()
                ? bearer
                : pair(authorization).map(Password::password).filter(password -> password.startsWith(TOKEN));
    }

    /** The name and password in the header; empty if there are none, or a token is the password. */
    static Optional<Password> password(@Nullable String authorization) {
        return pair(authorization).filter(pair -> !pair.password.startsWith(TOKEN));
    }

    private static Optional<String> after(String scheme, @Nullable String authorization) {
        if (authorization == null || authorization.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        var space = authorization.indexOf(' ');
        return space >= 0
                        && authorization
                                .substring(0, space)
                                .toLowerCase(Locale.ROOT)
                                .equals(scheme)
                ? Optional.of(authorization.substring(space + 1).strip()).filter(value -> !value.isEmpty())
                : Optional.empty();
    }

    private static Optional<Password> pair(@Nullable String authorization) {
        try {
            return after("basic", authorization)
                    .map(encoded -> new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8))
                    .filter(pair -> pair.indexOf(':') >= 0)
                    .map(pair ->
                            new Password(pair.substring(0, pair.indexOf(':')), pair.substring(pair.indexOf(':') + 1)));
        } catch (IllegalArgumentException e) {
            // not base64: no credentials, as the caller is told
            return Optional.empty();
        }
    }
}
