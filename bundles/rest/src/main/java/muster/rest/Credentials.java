package muster.rest;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads tokens from the Authorization header: as Bearer, or as the password of Basic, which some programs have alone. */
final class Credentials {
    /** Longer headers are no token. */
    private static final int MAX_LENGTH = 4096;

    private Credentials() {}

    /** The token in the header; empty if there is none. */
    static Optional<String> token(@Nullable String authorization) {
        if (authorization == null || authorization.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        var space = authorization.indexOf(' ');
        if (space < 0) {
            return Optional.empty();
        }
        var value = authorization.substring(space + 1).strip();
        return switch (authorization.substring(0, space).toLowerCase(Locale.ROOT)) {
            case "bearer" -> Optional.of(value).filter(v -> !v.isEmpty());
            case "basic" -> password(value);
            default -> Optional.empty();
        };
    }

    private static Optional<String> password(String encoded) {
        try {
            var pair = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
            var colon = pair.indexOf(':');
            return colon < 0
                    ? Optional.empty()
                    : Optional.of(pair.substring(colon + 1)).filter(v -> !v.isEmpty());
        } catch (IllegalArgumentException e) {
            // not base64: no credentials, as the caller is told
            return Optional.empty();
        }
    }
}
