package muster.api;

/** What a token allows; each role from {@link #VIEWER} on may do all that those before it may, but see others' jobs. */
public enum Role {
    /** Join the cluster as a worker, nothing else. */
    WORKER,
    /** See everything, change nothing. */
    VIEWER,
    /** Submit; see and manage their own jobs, and no others'. */
    USER,
    /** See and manage all jobs and workers. */
    OPERATOR,
    /** Manage tokens. */
    ADMIN;

    /** Whether they see jobs of others. */
    public boolean seesAll() {
        return this == VIEWER || compareTo(OPERATOR) >= 0;
    }
}
