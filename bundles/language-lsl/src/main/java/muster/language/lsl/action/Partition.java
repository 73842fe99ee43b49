package muster.language.lsl.action;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import muster.api.ClusterService;
import muster.api.Input;
import muster.api.Names;
import muster.api.WorkerState;
import muster.api.study.Abstraction;
import muster.api.study.Action;
import muster.api.study.ActionType;
import muster.api.study.Outcome;
import muster.api.study.Subject;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/**
 * Puts the systems of each abstraction together in parts, each of which is one system to the actions after it. Parts get
 * systems in proportion to their weights, which are the cores of the workers unless the action says others: each goes, in its order, to the part that is then the least full for its weight; or
 * a part is all systems for which a rule gives the same text.
 */
@Component(property = ActionType.NAME + "=Partition")
public final class Partition implements ActionType {
    private static final long MAX_PARTS = 100_000;

    private final @Nullable ClusterService cluster;

    /** @param cluster whose workers tell the weights of an action that does not; null if there is none */
    @Activate
    public Partition(
            @Reference(cardinality = ReferenceCardinality.OPTIONAL, policyOption = ReferencePolicyOption.GREEDY)
                    @Nullable
                    ClusterService cluster) {
        this.cluster = cluster;
    }

    @Override
    public Set<String> settings() {
        return Set.of("parts", "weights", "weight", "by");
    }

    @Override
    public Outcome plan(Action action) {
        if (action.settings().has("by")) {
            return byText(action);
        }
        var weights = weights(action);
        var abstractions = new ArrayList<Abstraction>();
        for (var abstraction : action.included()) {
            action.count(weights.size());
            var parts = parts(action, weights, abstraction.systems());
            var made = new ArrayList<Subject>();
            for (var i = 0; i < parts.size(); i++) {
                if (!parts.get(i).isEmpty()) {
                    made.add(together("part-" + (i + 1), parts.get(i)));
                }
            }
            abstractions.add(new Abstraction(abstraction.name(), made));
        }
        return new Outcome(List.of(), abstractions, action.needs(), List.of());
    }

    private static Outcome byText(Action action) {
        var settings = action.settings();
        for (var other : List.of("parts", "weights", "weight")) {
            if (settings.has(other)) {
                throw settings.fault(
                        other, "'" + other + "' has no meaning beside 'by', which tells each system's part");
            }
        }
        var abstractions = new ArrayList<Abstraction>();
        for (var abstraction : action.included()) {
            var parts = new LinkedHashMap<String, List<Subject>>();
            for (var system : abstraction.systems()) {
                var part = settings.of(system).text("by").orElse("");
                if (!Select.isId(part)) {
                    throw settings.fault(
                            "by",
                            "the part of '" + system.id() + "' is '" + Names.escape(part) + "'; expected " + Select.ID);
                }
                parts.computeIfAbsent(part, name -> new ArrayList<>()).add(system);
            }
            action.count(parts.size());
            var made = new ArrayList<Subject>();
            parts.forEach((name, systems) -> made.add(together(name, systems)));
            abstractions.add(new Abstraction(abstraction.name(), made));
        }
        return new Outcome(List.of(), abstractions, action.needs(), List.of());
    }

    private List<Double> weights(Action action) {
        var settings = action.settings();
        var weights = new ArrayList<Double>();
        if (!settings.has("weights") && !settings.has("parts")) {
            return ofWorkers(action);
        }
        if (settings.has("weights")) {
            for (var weight : settings.texts("weights")) {
                try {
                    weights.add(new BigDecimal(weight).doubleValue());
                } catch (NumberFormatException e) {
                    throw settings.fault(
                            "weights", "'" + weight + "' is no weight; expected numbers such as [2, 1, 1]");
                }
            }
        } else {
            var parts = settings.number("parts").orElse(0L);
            if (parts < 1 || parts > MAX_PARTS) {
                throw settings.fault("parts", "'parts' is " + parts + "; expected 1 to " + MAX_PARTS);
            }
            for (var i = 0; i < parts; i++) {
                weights.add(1.0);
            }
        }
        if (weights.isEmpty() || weights.stream().anyMatch(weight -> !(weight > 0))) {
            throw settings.fault("weights", "weights are " + weights + "; expected numbers above 0");
        }
        return weights;
    }

    /** The cores of each worker that is online, by id. */
    private List<Double> ofWorkers(Action action) {
        var weights = new ArrayList<Double>();
        if (cluster != null) {
            for (var worker : cluster.workers()) {
                if (worker.state() == WorkerState.ONLINE && worker.capacity() != null) {
                    weights.add(worker.capacity().cores());
                }
            }
        }
        if (weights.isEmpty()) {
            throw action.at()
                    .error("the action '" + action.name()
                            + "' makes a part for each worker, but none is online; start one, or write parts = 8");
        }
        return weights;
    }

    /** A part of the least load, and its load with one system more. */
    private record Load(double load, int part) implements Comparable<Load> {
        @Override
        public int compareTo(Load other) {
            var order = Double.compare(load, other.load);
            return order != 0 ? order : Integer.compare(part, other.part);
        }
    }

    private static List<List<Subject>> parts(Action action, List<Double> weights, List<Subject> systems) {
        var parts = new ArrayList<List<Subject>>();
        var loads = new PriorityQueue<Load>();
        for (var i = 0; i < weights.size(); i++) {
            parts.add(new ArrayList<>());
            loads.add(new Load(0, i));
        }
        for (var system : systems) {
            var least = loads.remove();
            parts.get(least.part()).add(system);
            var weight = action.settings().of(system).decimal("weight").orElse(BigDecimal.ONE);
            if (weight.signum() < 0) {
                throw action.settings()
                        .fault("weight", "the weight of '" + system.id() + "' is " + weight + "; expected 0 or more");
            }
            loads.add(new Load(least.load() + weight.doubleValue() / weights.get(least.part()), least.part()));
        }
        return parts;
    }

    private static Subject together(String id, List<Subject> systems) {
        var members = new ArrayList<Object>();
        var products = new ArrayList<Subject.Product>();
        var needs = new LinkedHashSet<String>();
        for (var system : systems) {
            Map<String, Object> member = new LinkedHashMap<>(system.fields());
            member.put("id", system.id());
            members.add(member);
            needs.addAll(system.needs());
            for (var product : system.products()) {
                var input = product.input();
                products.add(new Subject.Product(
                        product.action(),
                        product.output(),
                        new Input(
                                Files.literal(Collect.folder(system)) + "/" + input.name(),
                                input.source(),
                                input.executable())));
            }
        }
        return new Subject(id, Map.of("systems", members), products, List.copyOf(needs));
    }
}
