package muster.manager.store;

/**
 * Who may write to the store.
 *
 * @param epoch rises each time it is taken; 0 before the first
 * @param commits rises with each commit
 * @param holder which manager took it; empty if it was given back
 * @param url where the holder's REST interface is reached; may be empty
 * @param lastJob the highest job id ever given
 */
public record Lease(long epoch, long commits, String holder, String url, long lastJob) {
    /** Before it was first taken. */
    static final Lease NONE = new Lease(0, 0, "", "", 0);

    /** After one more commit. */
    Lease next() {
        return new Lease(epoch, commits + 1, holder, url, lastJob);
    }

    /** With what a write changes of it. */
    Lease with(Write write) {
        var given = write instanceof Write.Submitted submitted
                ? submitted.job().id().value()
                : write instanceof Write.Reserved reserved ? reserved.job().value() : 0;
        return given > lastJob ? new Lease(epoch, commits, holder, url, given) : this;
    }
}
