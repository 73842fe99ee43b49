package muster.rest;

import java.util.Map;
import java.util.Optional;
import muster.api.AccessService;
import muster.api.Caller;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Role;
import muster.api.TlsFiles;

/** One token for each role, named like it; and one to join with. */
final class FakeAccess implements AccessService {
    static final String JOIN = "muster-fingerprint.join";

    private final TlsFiles tls;

    FakeAccess(TlsFiles tls) {
        this.tls = tls;
    }

    static String token(Role role) {
        return "muster-fingerprint." + role;
    }

    @Override
    public Optional<Caller> authenticate(String token) {
        return Map.of(
                        token(Role.VIEWER), new Caller("vera", Role.VIEWER),
                        token(Role.USER), new Caller("ursula", Role.USER),
                        token(Role.OPERATOR), new Caller("otto", Role.OPERATOR),
                        token(Role.ADMIN), new Caller("admin", Role.ADMIN))
                .entrySet()
                .stream()
                .filter(entry -> entry.getKey().equals(token))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    @Override
    public Enrolment enrol(String secret, String worker, byte[] publicKey) {
        if (!secret.equals("join")) {
            throw new MusterException(ErrorCode.UNAUTHENTICATED, "the join token is not known; ask for a new one");
        }
        return new Enrolment(publicKey, new byte[] {1, 2, 3}, "tcp://127.0.0.1:7071");
    }

    @Override
    public TlsFiles tls() {
        return tls;
    }
}
