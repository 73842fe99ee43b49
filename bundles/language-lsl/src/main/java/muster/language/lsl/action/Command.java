package muster.language.lsl.action;

import java.util.Set;
import muster.api.Parameters;
import muster.api.TaskSpec;
import muster.api.study.Action;
import muster.api.study.ActionType;
import muster.api.study.Outcome;
import org.osgi.service.component.annotations.Component;

/** Runs a command on workers as they are. */
@Component(property = ActionType.NAME + "=Command")
public final class Command implements ActionType {
    @Override
    public Set<String> settings() {
        return Tasks.settings();
    }

    @Override
    public Outcome plan(Action action) {
        return new Tasks(action, TaskSpec.DEFAULT_EXECUTOR, Parameters.NONE).plan();
    }
}
