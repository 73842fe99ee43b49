package muster.api;

import org.osgi.annotation.versioning.ProviderType;

/** Keeps who did what. Thread-safe. */
@ProviderType
public interface AuditService {
    /**
     * Writes a deed down before it returns. Where that cannot be, the manager's log says so, and the deed stands all the
     * same.
     */
    void record(Deed deed);
}
