package muster.language.lsl;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import muster.api.language.Place;
import muster.api.study.ActionType;
import muster.api.study.Settings;
import muster.language.lsl.interpreter.Words;
import org.jspecify.annotations.Nullable;

/** What a script says outside of its actions, and the actions that it declares. */
final class Study implements Words {
    private static final String DEFAULT_TYPE = "NoOp";

    private final Map<String, ActionType> types;
    final Exchange exchange;
    private final Map<String, @Nullable Object> globals = new HashMap<>();
    private final Map<String, Profile> profiles = new HashMap<>();
    final Map<String, Declared> actions = new LinkedHashMap<>();
    private @Nullable String dataSource;
    private @Nullable Place began;

    /** An action, as the script declares it. */
    record Declared(Place at, String name, String typeName, ActionType type, ActionBlock block, Settings settings) {}

    Study(Map<String, ActionType> types, Exchange exchange) {
        this.types = types;
        this.exchange = exchange;
    }

    Optional<String> dataSource() {
        return Optional.ofNullable(dataSource);
    }

    /** The image of an action's profile. */
    Optional<String> image(ActionBlock action) {
        var profile = action.profile;
        for (var named : action.profiles) {
            var known = profiles.get(named.name());
            if (known == null) {
                throw named.at()
                        .error("there is no profile '" + named.name() + "'; known are "
                                + new TreeSet<>(profiles.keySet()));
            }
            profile = profile == null ? known : profile;
        }
        return profile == null || profile.image().isEmpty() ? Optional.empty() : Optional.of(profile.image());
    }

    @Override
    public Optional<Object> get(String name) {
        return Optional.ofNullable(globals.get(name));
    }

    @Override
    public boolean set(Place at, String name, @Nullable Object value) {
        globals.put(name, value);
        return true;
    }

    @Override
    public boolean say(Saying saying) {
        var said = new Said(saying);
        switch (saying.word()) {
            case "dataSource" -> dataSource = said.name();
            case "study" -> study(said);
            case "profile" -> profile(said);
            default -> {
                return false;
            }
        }
        return true;
    }

    private void study(Said said) {
        if (began != null) {
            throw said.at()
                    .error("a script has one study, which began at " + began + "; put this one into another file");
        }
        began = said.at();
        said.requireNamed(Set.of("name"));
        said.requireBlock().within(new Actions());
    }

    private void profile(Said said) {
        if (profiles.put(said.name(), Profile.read(said.requireBlock(), exchange)) != null) {
            throw said.at().error("the profile '" + said.name() + "' is declared twice; rename one");
        }
    }

    private void action(Said said) {
        said.requireNamed(Set.of("name", "type"));
        var name = said.named("name");
        if (name == null || name.isBlank()) {
            throw said.wrong("a name, such as action(name: 'select', type: 'Select') { … }");
        }
        var typeName = said.named("type") == null ? DEFAULT_TYPE : said.named("type");
        var type = types.get(typeName);
        if (type == null) {
            throw said.at()
                    .error("there is no type of actions '" + typeName + "'; known are "
                            + String.join(", ", new TreeSet<>(types.keySet())));
        }
        var words = new ActionBlock(said.at(), exchange);
        if (said.block() != null) {
            said.requireBlock().within(words);
        }
        var settings = words.settings();
        var owner = "the type '" + typeName + "'";
        settings.requireOnly(owner, type.settings());
        words.declared.values().forEach(block -> {
            if (type.abstractionSettings().isEmpty()) {
                throw block.place("").error(owner + " makes no abstractions; select them by an action of type Select");
            }
            block.requireOnly("an abstraction of " + owner, type.abstractionSettings());
        });
        if (actions.putIfAbsent(name, new Declared(said.at(), name, typeName, type, words, settings)) != null) {
            throw said.at().error("the action '" + name + "' is declared twice; rename one");
        }
    }

    /** The actions, each after those that it depends on, else in the order of the script. */
    List<Declared> ordered() {
        var dependants = new HashMap<String, List<Declared>>();
        var open = new HashMap<String, Integer>();
        var ready = new ArrayDeque<Declared>();
        for (var action : actions.values()) {
            var needed = needed(action);
            needed.forEach(name ->
                    dependants.computeIfAbsent(name, n -> new ArrayList<>()).add(action));
            open.put(action.name(), needed.size());
            if (needed.isEmpty()) {
                ready.add(action);
            }
        }
        // how many others, one after another, come before it
        var levels = new HashMap<String, Integer>();
        for (var next = ready.poll(); next != null; next = ready.poll()) {
            var level = levels.merge(next.name(), 0, Math::max);
            for (var dependant : dependants.getOrDefault(next.name(), List.of())) {
                levels.merge(dependant.name(), level + 1, Math::max);
                if (open.merge(dependant.name(), -1, Integer::sum) == 0) {
                    ready.add(dependant);
                }
            }
        }
        var waiting = actions.values().stream()
                .filter(action -> open.getOrDefault(action.name(), 0) > 0)
                .toList();
        if (!waiting.isEmpty()) {
            var first = waiting.get(0);
            throw first.at()
                    .error("the action '" + first.name() + "' depends on itself, by way of "
                            + waiting.stream().map(Declared::name).limit(10).toList());
        }
        return actions.values().stream()
                .sorted(Comparator.comparing(action -> levels.getOrDefault(action.name(), 0)))
                .toList();
    }

    /** The names of the actions of this script that one depends on. */
    private Set<String> needed(Declared action) {
        var names = new LinkedHashSet<String>();
        for (var needed : action.block().dependencies) {
            if (!needed.earlier()) {
                names.add(known(needed).name());
            }
        }
        return names;
    }

    private Declared known(ActionBlock.Dependency needed) {
        var action = actions.get(needed.name());
        if (action == null) {
            throw needed.at()
                    .error("there is no action '" + needed.name() + "' to depend on; known are "
                            + String.join(", ", actions.keySet()));
        }
        return action;
    }

    /** The words of the study's block. */
    private final class Actions implements Words {
        @Override
        public Optional<Object> get(String name) {
            return Optional.empty();
        }

        @Override
        public boolean set(Place at, String name, @Nullable Object value) {
            return false;
        }

        @Override
        public boolean say(Saying saying) {
            if (!saying.word().equals("action")) {
                return false;
            }
            action(new Said(saying));
            return true;
        }
    }
}
