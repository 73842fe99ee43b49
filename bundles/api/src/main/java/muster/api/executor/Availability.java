package muster.api.executor;

/**
 * Whether an executor can run here.
 *
 * @param reason why not, with the remedy; where it can, what an operator should know, or empty
 */
public record Availability(boolean available, String reason) {
    public static final Availability YES = new Availability(true, "");

    /** Available, with something that an operator should know. */
    public static Availability yes(String note) {
        return new Availability(true, note);
    }

    public static Availability no(String reason) {
        return new Availability(false, reason);
    }
}
