package muster.language.lsl;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import muster.api.Input;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.api.language.Content;
import muster.api.language.Made;
import muster.api.language.Place;
import muster.api.language.Plan;
import muster.api.language.Sources;
import muster.api.study.Abstraction;
import muster.api.study.Action;
import muster.api.study.Outcome;
import muster.api.study.Settings;
import muster.api.study.Subject;
import muster.language.lsl.interpreter.Meter;
import org.jspecify.annotations.Nullable;

/** Makes one graph of a study's actions. */
final class Planner {
    private static final Pattern NOT_OF_A_NAME = Pattern.compile("[^A-Za-z0-9_.-]");
    private static final int LONGEST_PART = 55;

    /** What a task takes, about, in entries of lists and maps. */
    private static final int TASK_SIZE = 8;

    private final Study study;
    private final Meter meter;
    private final Asked sources;
    private final Map<String, Outcome> outcomes = new HashMap<>();
    private final Set<String> names = new HashSet<>();
    private final Map<String, Integer> numbers = new HashMap<>();

    Planner(Study study, Meter meter, Sources sources) {
        this.study = study;
        this.meter = meter;
        this.sources = new Asked(sources);
    }

    Plan plan(Place start) {
        var tasks = new ArrayList<TaskSpec>();
        var deliveries = new LinkedHashMap<String, Plan.Delivery>();
        var categories = new TreeMap<String, Integer>();
        for (var declared : study.ordered()) {
            var planned = new Planned(declared);
            var outcome = planned.ready(declared.type().plan(planned));
            outcomes.put(declared.name(), outcome);
            for (var task : outcome.tasks()) {
                tasks.add(declared.at()
                        .locate(() -> task.toBuilder().category(declared.name()).build()));
            }
            if (!outcome.tasks().isEmpty()) {
                categories.put(declared.name(), outcome.tasks().size());
            }
            for (var delivery : outcome.deliveries()) {
                if (deliveries.putIfAbsent(delivery.path(), delivery) != null) {
                    throw declared.at()
                            .error("the action '" + declared.name() + "' makes '" + delivery.path()
                                    + "', as another action does; rename one");
                }
            }
        }
        if (tasks.isEmpty()) {
            throw start.error(
                    "the study comes to no task; add an action that runs something, such as one of type Command");
        }
        return new Plan(
                start.locate(() -> new Work.Graph(tasks)),
                List.copyOf(sources.asked),
                List.copyOf(deliveries.values()),
                categories);
    }

    /** What an action of an earlier job came to: the systems of its tasks that have succeeded, with what these left. */
    private Outcome earlier(ActionBlock.Dependency needed) {
        var at = needed.at();
        var made = made(needed);
        var abstractions = new LinkedHashMap<String, List<Subject>>();
        var known = new TreeSet<String>();
        for (var one : made) {
            var told = one.task().environment();
            var action = told.getOrDefault("LSL_ACTION", "");
            known.add(action);
            if (action.equals(needed.action())) {
                meter.entries(at, TASK_SIZE + 3L * one.contents().size());
                abstractions
                        .computeIfAbsent(told.getOrDefault("LSL_ABSTRACTION", action), name -> new ArrayList<>())
                        .add(earlier(at, action, told.getOrDefault("LSL_SYSTEM", action), one.contents()));
            }
        }
        if (abstractions.isEmpty()) {
            known.remove("");
            throw at.error(
                    "no task of the action '" + needed.action() + "' has succeeded in that job; known are " + known);
        }
        return new Outcome(
                List.of(),
                abstractions.entrySet().stream()
                        .map(entry -> new Abstraction(entry.getKey(), entry.getValue()))
                        .toList(),
                List.of(),
                List.of());
    }

    private List<Made> made(ActionBlock.Dependency needed) {
        try {
            return sources.made(
                    JobId.parse(needed.name().substring(0, needed.name().indexOf(':'))));
        } catch (MusterException e) {
            throw needed.at().error(String.valueOf(e.getMessage()));
        }
    }

    private Subject earlier(Place at, String action, String system, List<Content> contents) {
        var results = new LinkedHashMap<String, Object>();
        var products = new ArrayList<Subject.Product>();
        for (var content : contents) {
            sources.text(content).ifPresent(text -> {
                meter.entries(at, text.length() >> 3);
                results.put(content.name(), text.strip());
            });
            products.add(new Subject.Product(
                    action,
                    content.name(),
                    at.locate(() -> new Input(
                            (action + "/" + content.name()).replace("%", "%%"),
                            content.object(),
                            content.executable()))));
        }
        return new Subject(system, Map.of("results", results), products, List.of());
    }

    private static String sanitized(String text) {
        var plain = NOT_OF_A_NAME.matcher(text).replaceAll("_");
        return plain.substring(Math.max(0, plain.length() - LONGEST_PART));
    }

    /** The user's files, with note of what tasks take. */
    private static final class Asked implements Sources {
        private final Sources sources;
        private final Set<String> asked = new LinkedHashSet<>();

        Asked(Sources sources) {
            this.sources = sources;
        }

        @Override
        public String file(String path) {
            return sources.file(path);
        }

        @Override
        public @Nullable String variable(String name) {
            return sources.variable(name);
        }

        @Override
        public List<Made> made(JobId job) {
            return sources.made(job);
        }

        @Override
        public Optional<String> text(Content content) {
            return sources.text(content);
        }

        @Override
        public List<Input> inputs(String path, String name) {
            asked.add(path);
            return sources.inputs(path, name);
        }
    }

    /** A declared action, with what those that it depends on come to. */
    private final class Planned implements Action {
        private final Study.Declared declared;
        private final List<Abstraction> included;
        private final List<Subject.Product> common = new ArrayList<>();
        private final Set<String> commonNeeds = new LinkedHashSet<>();

        Planned(Study.Declared declared) {
            this.declared = declared;
            for (var needed : declared.block().dependencies) {
                var outcome = outcome(needed);
                if (outcome.abstractions().stream().noneMatch(abstraction -> includes(abstraction.name()))) {
                    count(outcome.needs().size());
                    commonNeeds.addAll(outcome.needs());
                    common.addAll(ofOne(needed.action(), outcome));
                }
            }
            var before = declared.block().before;
            this.included = before == null ? include() : Scene.after(before, include(), actions(), study.exchange);
        }

        /** What its action came to, as its script leaves it. */
        Outcome ready(Outcome outcome) {
            var after = declared.block().after;
            return after == null
                    ? outcome
                    : new Outcome(
                            outcome.tasks(),
                            Scene.after(after, outcome.abstractions(), actions(), study.exchange),
                            outcome.needs(),
                            outcome.deliveries());
        }

        private List<String> actions() {
            return List.copyOf(study.actions.keySet());
        }

        /** What an action made, if it ran once. */
        private static List<Subject.Product> ofOne(String action, Outcome outcome) {
            var abstractions = outcome.abstractions();
            return abstractions.size() == 1
                            && abstractions.get(0).name().equals(action)
                            && abstractions.get(0).systems().size() == 1
                    ? abstractions.get(0).systems().get(0).products()
                    : List.of();
        }

        private boolean includes(String abstraction) {
            return declared.block().abstractions.stream().anyMatch(include -> matches(include, abstraction));
        }

        private List<Abstraction> include() {
            var block = declared.block();
            var offered = new LinkedHashMap<String, Map<String, Subject>>();
            for (var needed : block.dependencies) {
                for (var abstraction : outcome(needed).abstractions()) {
                    var systems = offered.computeIfAbsent(abstraction.name(), name -> new LinkedHashMap<>());
                    for (var system : abstraction.systems()) {
                        count(2L + system.fields().size() + system.products().size());
                        systems.merge(system.id(), system, Subject::with);
                    }
                }
            }
            for (var include : block.abstractions) {
                if (offered.keySet().stream().noneMatch(name -> matches(include, name))) {
                    throw include.at()
                            .error("'" + include.text() + "' includes nothing of what the action depends on, which is "
                                    + (offered.isEmpty() ? "nothing" : String.join(", ", offered.keySet())));
                }
            }
            var included = new ArrayList<Abstraction>();
            offered.forEach((name, systems) -> {
                if (includes(name)) {
                    included.add(new Abstraction(
                            name,
                            systems.values().stream()
                                    .filter(system -> block.systems.isEmpty()
                                            || block.systems.stream()
                                                    .anyMatch(include -> matches(include, system.id())))
                                    .map(this::afterCommon)
                                    .toList()));
                }
            });
            return included;
        }

        private Subject afterCommon(Subject system) {
            count(commonNeeds.size());
            return system.needing(commonNeeds);
        }

        private boolean matches(ActionBlock.Include include, String name) {
            meter.work(include.at(), (long) include.text().length() * name.length());
            return include.pattern().matches(name);
        }

        private Outcome outcome(ActionBlock.Dependency needed) {
            return needed.earlier()
                    ? outcomes.computeIfAbsent(needed.name(), name -> earlier(needed))
                    : Objects.requireNonNull(outcomes.get(needed.name()));
        }

        @Override
        public Place at() {
            return declared.at();
        }

        @Override
        public String name() {
            return declared.name();
        }

        @Override
        public Settings settings() {
            return declared.settings();
        }

        @Override
        public Map<String, Settings> declared() {
            return declared.block().declared;
        }

        @Override
        public List<Abstraction> included() {
            return included;
        }

        @Override
        public List<Subject.Product> common() {
            return List.copyOf(common);
        }

        @Override
        public boolean includes() {
            return !declared.block().abstractions.isEmpty();
        }

        @Override
        public List<String> needs() {
            var needs = new LinkedHashSet<String>();
            for (var needed : declared.block().dependencies) {
                count(outcome(needed).needs().size());
                needs.addAll(outcome(needed).needs());
            }
            return List.copyOf(needs);
        }

        @Override
        public Optional<String> dataSource() {
            return study.dataSource();
        }

        @Override
        public Optional<String> image() {
            return study.image(declared.block());
        }

        @Override
        public Sources sources() {
            return sources;
        }

        @Override
        public void count(long made) {
            meter.entries(declared.at(), made);
        }

        @Override
        public String taskName(String part) {
            count(TASK_SIZE);
            var action = sanitized(declared.name());
            var joined = part.isEmpty() ? action : action + "-" + sanitized(part);
            var plain = Character.isLetter(joined.charAt(0)) || joined.charAt(0) == '_' ? joined : "_" + joined;
            var unique = plain;
            while (!names.add(unique)) {
                unique = plain + "-" + (numbers.merge(plain, 1, Integer::sum) + 1);
            }
            return unique;
        }
    }
}
