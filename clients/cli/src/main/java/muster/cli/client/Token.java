package muster.cli.client;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A secret that also names the certificate authority of its cluster: {@code muster-FINGERPRINT.SECRET}. */
public record Token(String text) implements Credentials {
    private static final Pattern FORM = Pattern.compile("muster-([A-Za-z0-9_-]{43})\\.([A-Za-z0-9_-]{43})");

    public Token {
        if (!FORM.matcher(text).matches()) {
            throw Failure.user("the token has " + text.length()
                    + " characters and not the form muster-<43 characters>.<43 characters>; copy it again from the"
                    + " manager's security/admin.token");
        }
    }

    @Override
    public String authorization() {
        return "Bearer " + text;
    }

    /** That of the cluster that made the token. */
    @Override
    public Authority authority() {
        return new Authority(fingerprint(), "the token");
    }

    @Override
    public String unknown() {
        return "does not know this token; take the one in its security/admin.token";
    }

    /**
     * What is shown to a worker instead of the token, which is the manager's business alone: HMAC-SHA-256 of the worker's id
     * by the token's SHA-256, good at no other worker.
     */
    String keyFor(String worker) {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(hash, "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(("muster-worker:" + worker).getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has SHA-256 and HMAC", e);
        }
    }

    private String fingerprint() {
        return text.substring("muster-".length(), text.indexOf('.'));
    }

    @Override
    public String toString() {
        return "Token[" + fingerprint() + "]";
    }
}
