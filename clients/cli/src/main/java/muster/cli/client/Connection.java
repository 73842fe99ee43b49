package muster.cli.client;

import java.net.URI;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where a cluster's managers are and what opens them.
 *
 * @param urls of the managers, one of which leads
 */
public record Connection(List<URI> urls, Credentials credentials) {
    public Connection {
        if (urls.isEmpty()) {
            throw Failure.user("no manager's address is given; write such as https://127.0.0.1:7070");
        }
        urls = urls.stream().map(Connection::requireManager).toList();
    }

    private static URI requireManager(URI url) {
        var path = url.getRawPath();
        if (!Plaintext.SCHEME.equals(url.getScheme())
                || url.getHost() == null
                || !Plaintext.allows(url.getHost())
                || (path != null && path.length() > 1)) {
            throw Failure.user("'" + url + "' is not the address of a manager; write such as " + Plaintext.SCHEME
                    + "://127.0.0.1:7070");
        }
        return URI.create(Plaintext.SCHEME + "://" + url.getRawAuthority());
    }

    /** Reads addresses, comma separated; a bare {@code host:port} is taken as https. */
    public static Connection of(String urls, String token) {
        return of(urls, new Token(token.strip()));
    }

    /** Reads addresses likewise. */
    static Connection of(String urls, Credentials credentials) {
        return new Connection(
                Stream.of(urls.split(","))
                        .map(String::strip)
                        .filter(url -> !url.isEmpty())
                        .map(Connection::url)
                        .toList(),
                credentials);
    }

    private static URI url(String text) {
        try {
            return URI.create(text.contains("://") ? text : Plaintext.SCHEME + "://" + text);
        } catch (IllegalArgumentException e) {
            throw Failure.user("'" + text + "' is not an address; write such as https://127.0.0.1:7070", e);
        }
    }

    /** What opens it, where nothing else than a token does. */
    public Token token() {
        if (credentials instanceof Token token) {
            return token;
        }
        throw Failure.user("this takes a token, by --token or MUSTER_TOKEN, and no password");
    }

    /** The addresses as they are written. */
    public String url() {
        return urls.stream().map(URI::toString).collect(Collectors.joining(","));
    }
}
