package muster.rest.json;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import muster.api.Fault;
import muster.api.MusterException;

/** Gathers what is wrong with one request, so that all of it is told at once. */
final class Faults {
    /** More are counted, not listed. */
    static final int MAX_LISTED = 100;

    private final List<Fault> listed = new ArrayList<>();
    private int found;

    void add(String pointer, String message) {
        found++;
        if (listed.size() < MAX_LISTED) {
            listed.add(new Fault(pointer, message));
        }
    }

    /** What {@code value} gives; where it is refused, a fault and nothing. */
    <T> Optional<T> check(String pointer, Supplier<T> value) {
        try {
            return Optional.of(value.get());
        } catch (MusterException e) {
            add(pointer, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    boolean none() {
        return found == 0;
    }

    /** Throws INVALID with every fault, if there is one. */
    void throwIfAny() {
        if (found > listed.size()) {
            listed.add(new Fault("", (found - listed.size()) + " more faults are not listed; mend these first"));
        }
        if (found > 0) {
            throw MusterException.invalid(listed);
        }
    }
}
