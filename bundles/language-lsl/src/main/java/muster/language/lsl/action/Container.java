package muster.language.lsl.action;

import java.util.Map;
import java.util.Set;
import muster.api.Names;
import muster.api.Parameters;
import muster.api.study.Action;
import muster.api.study.ActionType;
import muster.api.study.Outcome;
import org.osgi.service.component.annotations.Component;

/** Runs a command in containers of the image that the action's profile names, by {@code docker} if it names no executor. */
@Component(property = ActionType.NAME + "=Container")
public final class Container implements ActionType {
    private static final String IMAGE = "image";

    @Override
    public Set<String> settings() {
        return Tasks.settings(IMAGE, "executor");
    }

    @Override
    public Outcome plan(Action action) {
        var settings = action.settings();
        var image = settings.text(IMAGE)
                .or(action::image)
                .orElseThrow(
                        () -> action.at()
                                .error(
                                        "the action '" + action.name()
                                                + "' has no image; write profile { environment('java17') { image = 'maven:3-eclipse-temurin-17' } }"));
        var executor = settings.text("executor").orElse("docker");
        settings.place("executor").locate(() -> Names.requireName("executor", executor));
        return new Tasks(action, executor, new Parameters(Map.of(IMAGE, image))).plan();
    }
}
