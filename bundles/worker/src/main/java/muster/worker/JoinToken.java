package muster.worker;

import java.util.regex.Pattern;
import muster.api.MusterException;

/**
 * The secret that lets a worker into a cluster, and the cluster's fingerprint by which it knows that it speaks with it.
 *
 * @param text all of it, as sent
 * @param fingerprint SHA-256 over the DER of the cluster's CA certificate, base64url without padding
 */
public record JoinToken(String text, String fingerprint) {
    private static final Pattern FORM = Pattern.compile("muster-([A-Za-z0-9_-]{43})\\.([A-Za-z0-9_-]{43})");

    /** @param source where it was read, for the message of the error */
    public static JoinToken parse(String text, String source) {
        var match = FORM.matcher(text.strip());
        if (!match.matches()) {
            throw MusterException.invalid("the join token in " + source
                    + " is malformed; copy the file security/join.token of the manager, which begins with muster-");
        }
        return new JoinToken(text.strip(), match.group(1));
    }

    @Override
    public String toString() {
        return "JoinToken[fingerprint=" + fingerprint + "]";
    }
}
