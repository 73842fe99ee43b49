package muster.language.lsl.action;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import muster.api.study.Abstraction;
import muster.api.study.Action;
import muster.api.study.ActionType;
import muster.api.study.Outcome;
import org.osgi.service.component.annotations.Component;

/** Lets pass the systems that a closure takes for true, the first ones of each abstraction if it says how many. */
@Component(property = ActionType.NAME + "=Filter")
public final class Filter implements ActionType {
    @Override
    public Set<String> settings() {
        return Set.of("where", "rows");
    }

    @Override
    public Outcome plan(Action action) {
        var settings = action.settings();
        var rows = settings.number("rows").orElse(Long.MAX_VALUE);
        var abstractions = new ArrayList<Abstraction>();
        for (var abstraction : action.included()) {
            abstractions.add(new Abstraction(
                    abstraction.name(),
                    abstraction.systems().stream()
                            .filter(system -> settings.of(system).flag("where").orElse(true))
                            .limit(Math.max(0, rows))
                            .toList()));
        }
        return new Outcome(List.of(), abstractions, action.needs(), List.of());
    }
}
