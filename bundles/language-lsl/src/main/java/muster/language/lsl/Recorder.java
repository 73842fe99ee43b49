package muster.language.lsl;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import muster.api.language.Place;
import muster.api.study.Settings;
import muster.language.lsl.interpreter.Words;
import org.jspecify.annotations.Nullable;

/** A block whose names are settings: {@code name = value}, or {@code name value} any number of times. */
class Recorder implements Words {
    private static final int MAX_SETTINGS = 1_000;

    private final Place at;
    private final Exchange exchange;
    private final List<Recorded> recorded = new ArrayList<>();
    private boolean over;

    private record Recorded(Place at, String name, @Nullable Object value) {}

    Recorder(Place at, Exchange exchange) {
        this.at = at;
        this.exchange = exchange;
    }

    /** What was set. From now on nothing can be. */
    final Settings settings() {
        over = true;
        return new Settings(
                at,
                recorded.stream()
                        .map(one -> new Settings.Setting(one.at(), one.name(), exchange.out(one.at(), one.value())))
                        .toList());
    }

    @Override
    public final Optional<Object> get(String name) {
        exchange.work(at, recorded.size());
        for (var i = recorded.size() - 1; i >= 0; i--) {
            if (recorded.get(i).name().equals(name)) {
                return Optional.ofNullable(recorded.get(i).value());
            }
        }
        return Optional.empty();
    }

    @Override
    public final boolean set(Place place, String name, @Nullable Object value) {
        if (over) {
            return false;
        }
        exchange.work(place, recorded.size());
        recorded.removeIf(one -> one.name().equals(name));
        record(place, name, value);
        return true;
    }

    @Override
    public boolean say(Saying saying) {
        if (over || !saying.statement()) {
            return false;
        }
        record(saying.at(), saying.word(), value(saying));
        return true;
    }

    private void record(Place place, String name, @Nullable Object value) {
        if (recorded.size() == MAX_SETTINGS) {
            throw place.error(
                    "the block that begins at " + at + " has more than " + MAX_SETTINGS + " settings; write lists");
        }
        recorded.add(new Recorded(place, name, value));
    }

    private static @Nullable Object value(Saying saying) {
        if (saying.named().isEmpty() && saying.arguments().size() < 2) {
            return saying.arguments().isEmpty()
                    ? (Object) true
                    : saying.arguments().get(0);
        }
        if (saying.arguments().isEmpty()) {
            return new LinkedHashMap<>(saying.named());
        }
        var all = new ArrayList<@Nullable Object>(saying.arguments());
        if (!saying.named().isEmpty()) {
            all.add(0, saying.named());
        }
        return all;
    }
}
