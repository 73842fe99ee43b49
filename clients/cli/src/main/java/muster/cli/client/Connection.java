package muster.cli.client;

import java.net.URI;

/** Where a manager is and what opens it. */
public record Connection(URI url, Token token) {
    public Connection {
        var path = url.getRawPath();
        if (!"https".equals(url.getScheme()) || url.getHost() == null || (path != null && path.length() > 1)) {
            throw Failure.user("'" + url + "' is not the address of a manager; write such as https://127.0.0.1:7070");
        }
        url = URI.create("https://" + url.getRawAuthority());
    }

    /** Reads an address; a bare {@code host:port} is taken as https. */
    public static Connection of(String url, String token) {
        var text = url.strip();
        try {
            return new Connection(
                    URI.create(text.contains("://") ? text : "https://" + text), new Token(token.strip()));
        } catch (IllegalArgumentException e) {
            throw Failure.user("'" + url + "' is not an address; write such as https://127.0.0.1:7070", e);
        }
    }
}
