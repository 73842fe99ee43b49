package muster.broker;

import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import javax.security.auth.Subject;
import muster.api.AuditService;
import muster.api.Caller;
import muster.api.Deed;
import muster.api.ErrorCode;
import muster.api.Names;
import muster.transport.NodeName;
import muster.transport.Plaintext;
import muster.transport.Queues;
import muster.transport.Revocations;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ActiveMQExceptionType;
import org.apache.activemq.artemis.core.remoting.server.RemotingService;
import org.apache.activemq.artemis.core.security.CheckType;
import org.apache.activemq.artemis.core.security.Role;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.spi.core.protocol.RemotingConnection;
import org.apache.activemq.artemis.spi.core.security.ActiveMQSecurityManager5;
import org.apache.activemq.artemis.spi.core.security.jaas.RolePrincipal;
import org.apache.activemq.artemis.spi.core.security.jaas.UserPrincipal;
import org.apache.activemq.artemis.utils.CertificateUtil;
import org.jspecify.annotations.Nullable;

/**
 * Lets in who holds a certificate of a node. The manager may do everything with Muster's queues; a worker may consume its
 * own queue and send to the manager's, nothing else. User names and passwords are not looked at.
 */
final class NodeSecurity implements ActiveMQSecurityManager5 {
    private static final String QUEUES = "muster.";
    private static final String QUEUE_OF_ADDRESS = "::";
    private static final Set<CheckType> ON_OWN_QUEUE =
            Set.of(CheckType.CONSUME, CheckType.CREATE_ADDRESS, CheckType.CREATE_NON_DURABLE_QUEUE);

    private final Revocations revocations;
    private final AuditService audit;
    private final boolean plaintext;

    NodeSecurity(Revocations revocations, AuditService audit) {
        this(revocations, audit, false);
    }

    /** @param plaintext whether whoever comes is believed: there are no certificates ({@link Plaintext}) */
    NodeSecurity(Revocations revocations, AuditService audit, boolean plaintext) {
        this.revocations = revocations;
        this.audit = audit;
        this.plaintext = plaintext;
    }

    @Override
    public @Nullable Subject authenticate(
            @Nullable String user,
            @Nullable String password,
            @Nullable RemotingConnection connection,
            @Nullable String domain) {
        var name = plaintext && user != null
                ? NodeName.parse(user)
                : certificate(connection).flatMap(NodeName::of);
        if (name.isEmpty()
                || certificate(connection).filter(revocations::revoked).isPresent()) {
            audit.record(new Deed(
                    null,
                    connection == null ? "" : address(connection),
                    "connect",
                    name.map(NodeName::id).orElse(""),
                    ErrorCode.UNAUTHENTICATED.status()));
            return null;
        }
        return subject(name.get());
    }

    /** Ends the connections that come by a certificate which is revoked from now on; until closed. */
    Revocations.Listening dropRevoked(ActiveMQServer server) {
        return revocations.onRevoked(worker -> drop(server.getRemotingService(), worker));
    }

    private void drop(RemotingService remoting, String worker) {
        for (var connection : remoting.getConnections()) {
            var certificate = certificate(connection)
                    .filter(theirs -> NodeName.of(theirs)
                            .filter(name -> name.id().equals(worker))
                            .isPresent())
                    .filter(revocations::revoked);
            if (certificate.isPresent()) {
                remoting.removeConnection(connection.getID());
                connection.fail(new ActiveMQException(
                        "the certificate of worker '" + worker + "' was revoked",
                        ActiveMQExceptionType.SECURITY_EXCEPTION));
            }
        }
    }

    /** Without the port and the slash that Artemis puts before it. */
    private static String address(RemotingConnection connection) {
        return connection.getRemoteAddress().replaceFirst("^/", "").replaceFirst(":[0-9]+$", "");
    }

    /** Who is at the other end; empty if the connection shows no certificate. */
    static Optional<X509Certificate> certificate(@Nullable RemotingConnection connection) {
        X509Certificate @Nullable [] certificates = CertificateUtil.getCertsFromConnection(connection);
        return certificates == null || certificates.length == 0 ? Optional.empty() : Optional.of(certificates[0]);
    }

    /** Artemis takes the user that it stamps on messages from its own kind of principal. */
    static Subject subject(NodeName name) {
        var principals = Set.of(
                new UserPrincipal(name.id()), new RolePrincipal(name.role().toString()));
        return new Subject(true, principals, Set.of(), Set.of());
    }

    @Override
    public boolean authorize(@Nullable Subject subject, Set<Role> roles, CheckType check, String address) {
        if (subject == null) {
            return false;
        }
        var user = subject.getPrincipals(UserPrincipal.class).iterator().next();
        var role = subject.getPrincipals(RolePrincipal.class).iterator().next();
        if (role.getName().equals(NodeName.Role.MANAGER.toString())) {
            return managerMay(check, address);
        }
        var may = workerMay(user.getName(), check, address);
        if (!may) {
            audit.record(new Deed(
                    new Caller(user.getName(), muster.api.Role.WORKER, ""),
                    "broker",
                    Names.word(check),
                    address,
                    ErrorCode.FORBIDDEN.status()));
        }
        return may;
    }

    private static boolean managerMay(CheckType check, String address) {
        return check != CheckType.MANAGE
                && Arrays.stream(address.split(QUEUE_OF_ADDRESS)).allMatch(part -> part.startsWith(QUEUES));
    }

    private static boolean workerMay(String id, CheckType check, String address) {
        var own = Queues.worker(id);
        return check == CheckType.SEND
                ? address.equals(Queues.MANAGER)
                : ON_OWN_QUEUE.contains(check) && (address.equals(own) || address.equals(own + QUEUE_OF_ADDRESS + own));
    }

    @Override
    public boolean validateUser(String user, String password) {
        return false;
    }

    @Override
    public boolean validateUserAndRole(String user, String password, Set<Role> roles, CheckType check) {
        return false;
    }
}
