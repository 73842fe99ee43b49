package muster.rest;

import java.security.Principal;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServletRequest;
import javax.ws.rs.BadRequestException;
import javax.ws.rs.HttpMethod;
import javax.ws.rs.container.ContainerRequestContext;
import javax.ws.rs.container.ContainerRequestFilter;
import javax.ws.rs.container.PreMatching;
import javax.ws.rs.core.Context;
import javax.ws.rs.core.HttpHeaders;
import javax.ws.rs.core.SecurityContext;
import muster.api.AccessService;
import muster.api.Caller;
import muster.api.ErrorCode;
import muster.api.MusterException;
import org.jspecify.annotations.Nullable;

/**
 * Turns away whoever has neither a token, nor a name and password, nor a session of a browser that was begun with a token,
 * before it is looked at what they ask for.
 */
@PreMatching
public final class Authentication implements ContainerRequestFilter {
    private static final Set<String> OPEN_TO_READ = Set.of("healthz", "api/v1/healthz", "login", "api/v1/login");
    /** They look at other proofs themselves: a join token, a certificate. */
    private static final Set<String> OPEN_TO_WORKERS = Set.of("api/v1/enrol", "api/v1/enrol/renew");

    private static final String SESSION = Authentication.class.getName();

    /** Methods that change nothing. */
    static final Set<String> SAFE = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);

    private final AccessService access;
    private final Sessions sessions;

    @Context
    private HttpServletRequest request;

    public Authentication(AccessService access, Sessions sessions) {
        this.access = access;
        this.sessions = sessions;
    }

    /** The session that a request came with; null for one that came with a token. */
    static Sessions.@Nullable Session session(HttpServletRequest request) {
        return request.getAttribute(SESSION) instanceof Sessions.Session session ? session : null;
    }

    @Override
    public void filter(ContainerRequestContext context) {
        var method = context.getMethod();
        if (!method.equals(request.getMethod())) {
            throw new BadRequestException("a method cannot be overridden; send it as it is");
        }
        var path = context.getUriInfo().getPath();
        if (!OPEN_TO_READ.contains(path) || !SAFE.contains(method)) {
            var caller = caller(context);
            context.setSecurityContext(
                    new Authenticated(caller.map(Access.User::new).orElse(null), context.getSecurityContext()));
            if (!OPEN_TO_WORKERS.contains(path)) {
                Access.caller(context.getSecurityContext());
            }
        }
        if (!SAFE.contains(method)) {
            requireSameOrigin(context);
            requireOurPage(context);
        }
    }

    /** A token that is sent counts, and a session otherwise, as long as the token is good that it was begun with. */
    private Optional<Caller> caller(ContainerRequestContext context) {
        var authorization = context.getHeaderString(HttpHeaders.AUTHORIZATION);
        if (authorization != null) {
            var password = Credentials.password(authorization);
            return password.isPresent()
                    ? access.authenticate(password.get().name(), password.get().password())
                    : Credentials.token(authorization).flatMap(access::authenticate);
        }
        var session = cookies()
                .filter(cookie -> cookie.getName().equals(Sessions.COOKIE))
                .findFirst()
                .flatMap(cookie -> sessions.use(cookie.getValue()));
        var caller = session.flatMap(known -> access.authenticate(known.token()));
        if (caller.isPresent()) {
            request.setAttribute(SESSION, session.get());
        } else {
            session.ifPresent(sessions::close);
        }
        return caller;
    }

    /** As the server reads them, which takes any text for a header of cookies; JAX-RS fails at what is none. */
    private Stream<Cookie> cookies() {
        var cookies = request.getCookies();
        return cookies == null ? Stream.empty() : Stream.of(cookies);
    }

    /** Browsers send the cookie with whatever a page asks for; what no other site's page knows, they do not. */
    private void requireOurPage(ContainerRequestContext context) {
        var session = session(request);
        if (session != null && !session.made(context.getHeaderString(Sessions.CSRF_HEADER))) {
            throw new MusterException(
                    ErrorCode.FORBIDDEN,
                    "a request with a session that changes something must say where it comes from; send what"
                            + " /api/v1/session has as csrf in the header " + Sessions.CSRF_HEADER);
        }
    }

    /** A browser that was given the token must not lend it to other sites. */
    private static void requireSameOrigin(ContainerRequestContext context) {
        var origin = context.getHeaderString("Origin");
        if (origin != null && !origin.equals("https://" + context.getHeaderString(HttpHeaders.HOST))) {
            throw new MusterException(
                    ErrorCode.FORBIDDEN,
                    "the request comes from a page of another site; send it from a client that is no browser");
        }
    }

    private record Authenticated(@Nullable Principal principal, SecurityContext transport) implements SecurityContext {
        @Override
        public @Nullable Principal getUserPrincipal() {
            return principal;
        }

        @Override
        public boolean isUserInRole(String role) {
            return false;
        }

        @Override
        public boolean isSecure() {
            return transport.isSecure();
        }

        @Override
        public String getAuthenticationScheme() {
            return "Bearer";
        }
    }
}
