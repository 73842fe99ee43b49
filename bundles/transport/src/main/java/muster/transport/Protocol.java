package muster.transport;

/** Versions of the protocol between manager and workers. Both sides speak the newest and the one before. */
public final class Protocol {
    public static final int NEWEST = 1;
    public static final int OLDEST = 1;

    private Protocol() {}

    /** The version that two sides speak with each other: the newest common one, or -1 if there is none. */
    public static int common(int oldest, int newest) {
        var common = Math.min(NEWEST, newest);
        return common >= Math.max(OLDEST, oldest) ? common : -1;
    }
}
