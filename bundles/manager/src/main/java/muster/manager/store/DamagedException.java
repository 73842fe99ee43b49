package muster.manager.store;

/** A row is not what was written; its message names it. The store says where it lies, and what can be done. */
final class DamagedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DamagedException(CharSequence row) {
        super(row + " is not what was written");
    }
}
