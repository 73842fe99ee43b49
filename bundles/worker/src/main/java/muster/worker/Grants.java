package muster.worker;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import muster.api.Caller;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.Names;
import muster.transport.ToWorker;

/**
 * Who may see what at this worker's own port, as the manager said last: it need not be there. As at the manager, users see
 * their own jobs, all other roles every job. Thread-safe.
 */
final class Grants {
    private final Clock clock;
    private volatile List<ToWorker.Grant> grants = List.of();

    /** Whose jobs were here since the start. Nobody but those who see all sees a job that is not known. */
    private final Map<JobId, String> owners = new ConcurrentHashMap<>();

    Grants(Clock clock) {
        this.clock = clock;
    }

    /** These are good from now on, and no others. */
    void set(List<ToWorker.Grant> newGrants) {
        grants = List.copyOf(newGrants);
    }

    void owns(String owner, JobId job) {
        owners.put(job, owner);
    }

    void forget(JobId job) {
        owners.remove(job);
    }

    /** UNAUTHENTICATED unless the key is one of those. Takes the same time for every wrong one. */
    Caller caller(String key) {
        var shown = key.getBytes(StandardCharsets.UTF_8);
        var now = clock.instant();
        ToWorker.Grant found = null;
        for (var grant : grants) {
            if (MessageDigest.isEqual(grant.key().getBytes(StandardCharsets.UTF_8), shown)) {
                found = grant;
            }
        }
        if (found == null || (found.expiresAt() != null && !now.isBefore(found.expiresAt()))) {
            throw new MusterException(
                    ErrorCode.UNAUTHENTICATED,
                    "no key came with the request that is good at this worker; ask by 'muster worker look'");
        }
        return new Caller(found.owner(), found.role(), "");
    }

    boolean sees(Caller caller, JobId job) {
        return caller.role().seesAll() || caller.name().equals(owners.get(job));
    }

    void requireSees(Caller caller, JobId job) {
        if (!sees(caller, job)) {
            throw new MusterException(
                    ErrorCode.FORBIDDEN,
                    "job " + job + " does not belong to '" + Names.escape(caller.name())
                            + "', or is not known here; ask its owner or an operator");
        }
    }

    String owner(JobId job) {
        return owners.getOrDefault(job, "");
    }
}
