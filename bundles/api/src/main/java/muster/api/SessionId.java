package muster.api;

/**
 * Which session, on any worker.
 *
 * @param executor that keeps it open
 * @param name empty if the user gave none
 */
public record SessionId(JobId job, String executor, String name) {
    /** As operators read it: {@code 17/python/model}. */
    @Override
    public String toString() {
        return job + "/" + executor + (name.isEmpty() ? "" : "/" + name);
    }
}
