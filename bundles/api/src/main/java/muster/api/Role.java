package muster.api;

/** What a caller may do; each role may do all that those before it may. */
public enum Role {
    /** See everything. */
    VIEWER,
    /** Submit, and manage their own jobs. */
    USER,
    /** Manage all jobs and workers. */
    OPERATOR,
    /** Manage tokens. */
    ADMIN
}
