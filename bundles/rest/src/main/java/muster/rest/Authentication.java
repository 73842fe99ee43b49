package muster.rest;

import java.security.Principal;
import java.util.Set;
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
import muster.api.ErrorCode;
import muster.api.MusterException;
import org.jspecify.annotations.Nullable;

/** Turns away whoever has no token, before it is looked at what they ask for. */
@PreMatching
public final class Authentication implements ContainerRequestFilter {
    private static final Set<String> OPEN_TO_READ = Set.of("healthz", "api/v1/healthz");
    /** They look at other proofs themselves: a join token, a certificate. */
    private static final Set<String> OPEN_TO_WORKERS = Set.of("api/v1/enrol", "api/v1/enrol/renew");

    /** Methods that change nothing. */
    static final Set<String> SAFE = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);

    private final AccessService access;

    @Context
    private HttpServletRequest request;

    public Authentication(AccessService access) {
        this.access = access;
    }

    @Override
    public void filter(ContainerRequestContext context) {
        var method = context.getMethod();
        if (!method.equals(request.getMethod())) {
            throw new BadRequestException("a method cannot be overridden; send it as it is");
        }
        var path = context.getUriInfo().getPath();
        if (!OPEN_TO_READ.contains(path) || !SAFE.contains(method)) {
            var caller = Credentials.token(context.getHeaderString(HttpHeaders.AUTHORIZATION))
                    .flatMap(access::authenticate);
            context.setSecurityContext(
                    new Authenticated(caller.map(Access.User::new).orElse(null), context.getSecurityContext()));
            if (!OPEN_TO_WORKERS.contains(path)) {
                Access.caller(context.getSecurityContext());
            }
        }
        if (!SAFE.contains(method)) {
            requireSameOrigin(context);
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
