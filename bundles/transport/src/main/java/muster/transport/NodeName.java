package muster.transport;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import muster.api.MusterException;
import muster.api.Names;

/** Who a certificate says its holder is; written {@code muster://worker/w1}. */
public record NodeName(Role role, String id) {
    private static final int URI_ALTERNATIVE_NAME = 6;

    /** What a node is. */
    public enum Role {
        MANAGER("manager"),
        WORKER("worker");

        private final String text;

        Role(String text) {
            this.text = text;
        }

        /** As in certificates and in the service property {@link NodeIdentity#ROLE}. */
        @Override
        public String toString() {
            return text;
        }
    }

    public NodeName {
        Objects.requireNonNull(role, "role");
        Names.requireWorker(id);
    }

    /** The name in a certificate; empty if there is none, more than one, or one that is malformed. */
    public static Optional<NodeName> of(X509Certificate certificate) {
        try {
            var alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives == null) {
                return Optional.empty();
            }
            var names = alternatives.stream()
                    .filter(name -> Objects.equals(name.get(0), URI_ALTERNATIVE_NAME))
                    .map(name -> String.valueOf(name.get(1)))
                    .filter(uri -> uri.startsWith(NodeIdentity.URI_PREFIX))
                    .toList();
            return names.size() == 1 ? parse(names.get(0)) : Optional.empty();
        } catch (CertificateParsingException e) {
            return Optional.empty();
        }
    }

    /** Reads what {@link #toString} has written; empty if it is something else. */
    public static Optional<NodeName> parse(String uri) {
        if (!uri.startsWith(NodeIdentity.URI_PREFIX)) {
            return Optional.empty();
        }
        var parts = List.of(uri.substring(NodeIdentity.URI_PREFIX.length()).split("/", -1));
        for (var role : Role.values()) {
            if (parts.size() == 2 && parts.get(0).equals(role.toString())) {
                try {
                    return Optional.of(new NodeName(role, parts.get(1)));
                } catch (MusterException e) {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }

    /** As it stands in the certificate. */
    @Override
    public String toString() {
        return NodeIdentity.URI_PREFIX + role + "/" + id;
    }
}
