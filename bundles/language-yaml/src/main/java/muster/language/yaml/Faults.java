package muster.language.yaml;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import muster.api.Fault;
import muster.api.MusterException;
import muster.api.language.Place;

/** Gathers what is wrong with one script, so that all of it is told at once, each with its place. */
final class Faults {
    /** More are not listed. */
    private static final int MAX_LISTED = 50;

    private final List<Fault> listed = new ArrayList<>();

    void add(Place at, String message) {
        add(at.error(message));
    }

    private void add(MusterException located) {
        if (listed.size() < MAX_LISTED) {
            listed.add(new Fault("", String.valueOf(located.getMessage())));
        }
    }

    /** What {@code value} gives; where it is refused, a fault at {@code at} and nothing. */
    <T> Optional<T> check(Place at, Supplier<T> value) {
        try {
            return Optional.of(at.locate(value));
        } catch (MusterException e) {
            add(e);
            return Optional.empty();
        }
    }

    /** Likewise, where what refuses tells the place itself. */
    <T> Optional<T> check(Supplier<T> value) {
        try {
            return Optional.of(value.get());
        } catch (MusterException e) {
            add(e);
            return Optional.empty();
        }
    }

    /** Throws INVALID with every fault, if there is one. */
    void throwIfAny() {
        if (!listed.isEmpty()) {
            throw MusterException.invalid(listed);
        }
    }
}
