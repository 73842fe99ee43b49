package muster.language.lsl;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import muster.api.language.Place;
import muster.api.study.Abstraction;
import muster.api.study.Subject;
import muster.language.lsl.interpreter.Lambda;
import muster.language.lsl.interpreter.Words;
import org.jspecify.annotations.Nullable;

/** What a block sees that runs before or after its action is planned: abstractions, from which it may leave systems out. */
final class Scene implements Words {
    private static final String SYSTEMS = "systems";
    private static final String IMPLEMENTATIONS = "implementations";

    /** Of results, which nobody has yet. */
    private static final Set<String> OF_RESULTS = Set.of("srm", "toOracle", "stimulusMatrix");

    private final Exchange exchange;
    private final Map<Object, @Nullable Object> seen = new LinkedHashMap<>();
    private final List<String> actions;

    private Scene(Place at, List<Abstraction> abstractions, List<String> actions, Exchange exchange) {
        this.exchange = exchange;
        this.actions = actions;
        for (var abstraction : abstractions) {
            var systems = new ArrayList<@Nullable Object>();
            abstraction.systems().forEach(system -> systems.add(exchange.in(at, system)));
            var shown = new LinkedHashMap<Object, @Nullable Object>();
            shown.put("name", abstraction.name());
            shown.put(SYSTEMS, systems);
            shown.put(IMPLEMENTATIONS, systems);
            seen.put(abstraction.name(), shown);
        }
    }

    /** The abstractions as a block leaves them. */
    static List<Abstraction> after(
            Lambda block, List<Abstraction> abstractions, List<String> actions, Exchange exchange) {
        var scene = new Scene(block.at(), abstractions, actions, exchange);
        block.within(scene);
        return abstractions.stream().map(one -> scene.chosen(block.at(), one)).toList();
    }

    private Abstraction chosen(Place at, Abstraction abstraction) {
        var known = new LinkedHashMap<String, Subject>();
        abstraction.systems().forEach(system -> known.put(system.id(), system));
        var left = new ArrayList<Subject>();
        for (var item : systems(at, abstraction)) {
            var system = known.remove(id(item));
            if (system == null || !(item instanceof Map<?, ?> map)) {
                throw at.error("'" + abstraction.name() + "' has no system '" + id(item)
                        + "', or has it twice; assign some of its systems, such as by findAll { … }");
            }
            var fields = new LinkedHashMap<String, Object>();
            map.forEach((name, value) -> {
                var copy = name.equals("id") ? null : exchange.out(at, value);
                if (copy != null) {
                    fields.put(String.valueOf(name), copy);
                }
            });
            left.add(new Subject(system.id(), fields, system.products(), system.needs()));
        }
        return new Abstraction(abstraction.name(), left);
    }

    /** What was assigned, under either name. */
    private List<?> systems(Place at, Abstraction abstraction) {
        var shown = seen.get(abstraction.name()) instanceof Map<?, ?> map ? map : Map.of();
        var before = abstraction.systems().stream().map(Subject::id).toList();
        for (var name : List.of(SYSTEMS, IMPLEMENTATIONS)) {
            if (!(shown.get(name) instanceof List<?> systems)) {
                break;
            }
            if (name.equals(IMPLEMENTATIONS)
                    || !before.equals(systems.stream().map(Scene::id).toList())) {
                return systems;
            }
        }
        throw at.error("the systems of '" + abstraction.name() + "' are no list any more; assign some of its systems");
    }

    private static String id(@Nullable Object system) {
        return system instanceof Map<?, ?> map ? String.valueOf(map.get("id")) : "";
    }

    @Override
    public Optional<Object> get(String name) {
        return switch (name) {
            case "abstractions", "stimulusMatrices" -> Optional.of(seen);
            case "actions" -> Optional.of(new ArrayList<Object>(actions));
            default -> Optional.empty();
        };
    }

    @Override
    public boolean set(Place at, String name, @Nullable Object value) {
        return false;
    }

    @Override
    public boolean say(Saying saying) {
        if (OF_RESULTS.contains(saying.word())) {
            throw saying.at()
                    .error("'" + saying.word()
                            + "' decides by results, but a study is planned before any of its tasks run;"
                            + " let another study depend on this one, by dependsOn 'JOB:ACTION'");
        }
        return saying.word().equals("log");
    }
}
