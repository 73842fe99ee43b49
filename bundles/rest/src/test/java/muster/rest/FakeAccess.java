package muster.rest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import muster.api.AccessService;
import muster.api.Caller;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Role;
import muster.api.TlsFiles;
import muster.api.TokenRequest;
import muster.api.TokenView;

/** One token for each role; those that tests make; one that has expired and one that was revoked. */
final class FakeAccess implements AccessService {
    static final String JOIN = token("join");
    static final String EXPIRED = token("expired");
    static final String REVOKED = token("revoked");

    /** Whether a token that is not known may be a new one of the manager that leads. */
    volatile boolean standsBy;

    private final TlsFiles tls;
    private final Map<String, TokenView> tokens = new LinkedHashMap<>();

    FakeAccess(TlsFiles tls) {
        this.tls = tls;
        add(token(Role.VIEWER), "vera", Role.VIEWER);
        add(token(Role.USER), "ursula", Role.USER);
        add(token(Role.OPERATOR), "otto", Role.OPERATOR);
        add(token(Role.ADMIN), "admin", Role.ADMIN);
        add(JOIN, "admin", Role.WORKER);
    }

    static String token(Role role) {
        return role == Role.WORKER ? JOIN : token(role.toString());
    }

    private static String token(String name) {
        return "muster-" + "f".repeat(43) + "." + name + "-".repeat(43 - name.length());
    }

    private synchronized TokenView add(String text, String owner, Role role) {
        var id = String.format("%012x", tokens.size() + 1);
        var view = new TokenView(id, owner, role, FakeJobs.NOW, null, null, null);
        tokens.put(text, view);
        return view;
    }

    @Override
    public synchronized Optional<Caller> authenticate(String token) {
        if (standsBy && !tokens.containsKey(token)) {
            throw new MusterException(ErrorCode.UNAVAILABLE, "this manager stands by; ask the one that leads");
        }
        return Optional.ofNullable(tokens.get(token)).map(view -> new Caller(view.owner(), view.role(), view.id()));
    }

    /** There is one. */
    @Override
    public Optional<Caller> authenticate(String name, String password) {
        return name.equals("paula") && password.equals("pass:word")
                ? Optional.of(new Caller("paula", Role.USER, "password"))
                : Optional.empty();
    }

    @Override
    public Enrolment enrol(String secret, String worker, byte[] publicKey) {
        var caller = authenticate(secret)
                .orElseThrow(() -> new MusterException(ErrorCode.UNAUTHENTICATED, "the join token is not known"));
        if (caller.role() != Role.WORKER) {
            throw new MusterException(ErrorCode.FORBIDDEN, "that is no join token");
        }
        return new Enrolment(worker, publicKey, new byte[] {1, 2, 3}, "tcp://127.0.0.1:7071");
    }

    @Override
    public Enrolment renew(byte[] certificate, byte[] publicKey, byte[] signature) {
        if (!Arrays.equals(certificate, signature)) {
            throw new MusterException(ErrorCode.UNAUTHENTICATED, "the signature is not its holder's");
        }
        return new Enrolment("w3", publicKey, new byte[] {1, 2, 3}, "tcp://127.0.0.1:7071");
    }

    @Override
    public synchronized IssuedToken create(TokenRequest request) {
        var text = token("made" + tokens.size());
        var life = request.life();
        var view = add(text, request.owner(), request.role());
        var made = new TokenView(
                view.id(),
                view.owner(),
                view.role(),
                view.createdAt(),
                life == null ? null : view.createdAt().plus(life),
                request.uses(),
                null);
        tokens.put(text, made);
        return new IssuedToken(made, text);
    }

    @Override
    public synchronized List<TokenView> tokens() {
        return new ArrayList<>(tokens.values());
    }

    @Override
    public synchronized void revoke(String id) {
        if (!tokens.values().removeIf(view -> view.id().equals(id))) {
            throw MusterException.notFound("token '" + id + "' does not exist");
        }
    }

    @Override
    public Optional<TlsFiles> tls(String host) {
        return Optional.of(tls);
    }
}
