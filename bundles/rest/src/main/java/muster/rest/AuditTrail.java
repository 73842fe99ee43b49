package muster.rest;

import javax.servlet.http.HttpServletRequest;
import javax.ws.rs.container.ContainerRequestContext;
import javax.ws.rs.container.ContainerResponseContext;
import javax.ws.rs.container.ContainerResponseFilter;
import javax.ws.rs.core.Context;
import javax.ws.rs.core.HttpHeaders;
import muster.api.AuditService;
import muster.api.Deed;

/** Has every request written down that changes something, and every one that is refused for who asks. */
public final class AuditTrail implements ContainerResponseFilter {
    private static final String THING = AuditTrail.class.getName();

    private final AuditService audit;

    @Context
    private HttpServletRequest request;

    public AuditTrail(AuditService audit) {
        this.audit = audit;
    }

    /** Says what a request is about, where its path does not. */
    static void about(HttpServletRequest request, String thing) {
        request.setAttribute(THING, thing);
    }

    @Override
    public void filter(ContainerRequestContext asked, ContainerResponseContext answer) {
        var status = answer.getStatus();
        var method = request.getMethod();
        if (Authentication.SAFE.contains(method) && status != 401 && status != 403) {
            return;
        }
        var path = "/" + asked.getUriInfo().getPath();
        var operation = Operations.find(method, path).orElse(new Operations.Asked(method, path));
        audit.record(new Deed(
                asked.getSecurityContext().getUserPrincipal() instanceof Access.User user ? user.caller() : null,
                request.getRemoteAddr(),
                operation.id(),
                thing(operation.thing(), answer),
                status));
    }

    private String thing(String named, ContainerResponseContext answer) {
        if (request.getAttribute(THING) instanceof String told) {
            return told;
        }
        var made = answer.getHeaderString(HttpHeaders.LOCATION);
        return named.isEmpty() && made != null ? made.substring(made.lastIndexOf('/') + 1) : named;
    }
}
