package muster.language.lsl.action;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import muster.api.Input;
import muster.api.Names;
import muster.api.Output;
import muster.api.TaskSpec;
import muster.api.language.Plan;
import muster.api.study.Action;
import muster.api.study.ActionType;
import muster.api.study.Outcome;
import muster.api.study.Subject;
import org.osgi.service.component.annotations.Component;

/**
 * Brings what was made of systems back to the user: into a folder, as {@code abstraction/system/action/output} or, if it is
 * flat, {@code output}; or one after another into a file.
 */
@Component(property = ActionType.NAME + "=Collect")
public final class Collect implements ActionType {
    private static final String FROM = ".collect";
    private static final String COPY = "mkdir -p -- \"$1\" && cp -RL -- " + FROM + "/. \"$1\"";

    /** In the order of their names, which are numbers; the shell's own printf takes any number of them. */
    private static final String CONCATENATE = "case $1 in */*) mkdir -p -- \"${1%/*}\" || exit;; esac;" + " printf '"
            + FROM + "/%s\\n' $(ls " + FROM + ") | xargs cat > \"$1\"";

    @Override
    public Set<String> settings() {
        return Set.of("into", "flat", "file", Files.TAKES);
    }

    /** The folder that stands for a system. */
    static String folder(Subject system) {
        var safe = new StringBuilder();
        for (var part : system.id().split("/", -1)) {
            safe.append(safe.isEmpty() ? "" : "/")
                    .append(part.isEmpty() || part.equals(".") || part.equals("..") ? "_" + part : part);
        }
        return safe.toString();
    }

    @Override
    public Outcome plan(Action action) {
        var settings = action.settings();
        var one = settings.text("file");
        var flat = settings.flag("flat").orElse(false);
        var inputs = new ArrayList<Input>();
        var places = new HashSet<String>();
        var needs = new LinkedHashSet<String>();
        for (var abstraction : action.included()) {
            for (var system : abstraction.systems()) {
                needs.addAll(system.needs());
                for (var product : Files.made(action, settings.of(system), system)) {
                    var place = one.isPresent()
                            ? String.format("%09d", inputs.size())
                            : flat
                                    ? Files.literal(product.output())
                                    : Files.literal(abstraction.name() + "/" + folder(system)) + "/"
                                            + product.input().name();
                    if (!places.add(place)) {
                        throw settings.fault(
                                "flat",
                                "'" + product.output() + "' was made more than once, and in a flat folder only one has"
                                        + " room; leave out 'flat', or say by 'takes' which to collect");
                    }
                    inputs.add(action.at()
                            .locate(() -> new Input(
                                    FROM + "/" + place,
                                    product.input().source(),
                                    product.input().executable())));
                }
            }
        }
        if (inputs.isEmpty()) {
            throw action.at()
                    .error("the action '" + action.name()
                            + "' collects nothing; include systems of which an action makes outputs");
        }
        var made = one.or(() -> settings.text("into")).orElse(action.name());
        var place = settings.place(one.isPresent() ? "file" : "into");
        place.locate(() -> Names.requirePath("output", made));
        var name = action.taskName("");
        var script = one.isPresent() ? CONCATENATE : COPY;
        var task = action.at().locate(() -> TaskSpec.builder()
                .name(name)
                .command(List.of("/bin/sh", "-c", script, "sh", made))
                .needs(List.copyOf(needs))
                .inputs(inputs)
                .outputs(List.of(new Output(Files.literal(made), false, true)))
                .build());
        return new Outcome(List.of(task), List.of(), List.of(name), List.of(new Plan.Delivery(made, name, made)));
    }
}
