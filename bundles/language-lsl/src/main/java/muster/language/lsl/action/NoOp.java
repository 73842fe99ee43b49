package muster.language.lsl.action;

import java.util.List;
import java.util.Set;
import muster.api.TaskSpec;
import muster.api.study.Abstraction;
import muster.api.study.Action;
import muster.api.study.ActionType;
import muster.api.study.Outcome;
import org.osgi.service.component.annotations.Component;

/** Does nothing, once all that it depends on is done: a point where others meet. */
@Component(property = ActionType.NAME + "=NoOp")
public final class NoOp implements ActionType {
    @Override
    public Set<String> settings() {
        return Set.of();
    }

    @Override
    public Outcome plan(Action action) {
        var name = action.taskName("");
        var task = TaskSpec.builder()
                .name(name)
                .executor("noop")
                .needs(action.needs())
                .build();
        var abstractions = action.included().stream()
                .map(abstraction -> new Abstraction(
                        abstraction.name(),
                        abstraction.systems().stream()
                                .map(system -> system.after(name, List.of()))
                                .toList()))
                .toList();
        return new Outcome(List.of(task), abstractions, List.of(name), List.of());
    }
}
