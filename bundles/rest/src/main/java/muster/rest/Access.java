package muster.rest;

import java.security.Principal;
import javax.ws.rs.core.SecurityContext;
import muster.api.Caller;
import muster.api.ErrorCode;
import muster.api.JobView;
import muster.api.MusterException;
import muster.api.Role;
import muster.rest.json.Json;

/** The one place that decides what a caller may do. */
final class Access {
    private Access() {}

    /** A caller as JAX-RS knows them. */
    record User(Caller caller) implements Principal {
        @Override
        public String getName() {
            return caller.name();
        }
    }

    /** Who speaks; UNAUTHENTICATED if nobody whom we know. */
    static Caller caller(SecurityContext context) {
        if (context.getUserPrincipal() instanceof User user) {
            return user.caller();
        }
        throw new MusterException(
                ErrorCode.UNAUTHENTICATED,
                "no valid token came with the request; send a token of this cluster as Authorization: Bearer <token>");
    }

    static void requireRole(Caller caller, Role role) {
        if (caller.role().compareTo(role) < 0) {
            throw new MusterException(
                    ErrorCode.FORBIDDEN,
                    "'" + caller.name() + "' has the role " + Json.word(caller.role()) + ", this needs "
                            + Json.word(role) + "; use a token of that role");
        }
    }

    /** Users see their own jobs, all others every job. */
    static void requireSees(Caller caller, JobView job) {
        if (!caller.role().seesAll()) {
            requireOwn(caller, job);
        }
    }

    /** Users change their own jobs, operators all. */
    static void requireManages(Caller caller, JobView job) {
        if (caller.role().compareTo(Role.OPERATOR) < 0) {
            requireOwn(caller, job);
        }
    }

    private static void requireOwn(Caller caller, JobView job) {
        if (!job.owner().equals(caller.name())) {
            throw new MusterException(
                    ErrorCode.FORBIDDEN,
                    "job " + job.id() + " does not belong to '" + caller.name() + "'; ask its owner or an operator");
        }
    }
}
