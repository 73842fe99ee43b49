package muster.language.lsl.interpreter;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import muster.api.MusterException;
import muster.api.language.Place;
import muster.language.lsl.syntax.Node;
import org.jspecify.annotations.Nullable;

/**
 * Walks the tree of a script. It knows the values of {@link Values}, the methods of {@link Methods} and the {@link Words} of
 * the blocks, and nothing else; no class of the machine can be named. One thread.
 */
public final class Interpreter {
    private static final int MAX_RANGE = 10_000_000;

    private final Meter meter;
    private final Values values;
    private final Methods methods;
    private final Map<String, String> settings;

    /** How a statement ended. */
    private enum End {
        NORMAL,
        LEAVE,
        GO_ON,
        RETURN
    }

    /** What the last statement came to. */
    private static final class Result {
        @Nullable
        Object value;
    }

    /** @param settings texts that the user gave for names that the script declares outside of its blocks */
    public Interpreter(Meter meter, Map<String, String> settings) {
        this.meter = meter;
        this.values = new Values(meter);
        this.methods = new Methods(meter, values);
        this.settings = settings;
    }

    /** Runs a script. */
    public void run(Node.Block script, Words words) {
        var scope = new Scope(null, words);
        settings.forEach(scope::put);
        var result = new Result();
        for (var statement : script.statements()) {
            if (run(statement, scope, result) != End.NORMAL) {
                return;
            }
        }
    }

    @Nullable
    Object call(Lambda closure, @Nullable Words words, List<@Nullable Object> arguments) {
        var at = closure.at();
        meter.enter(at);
        meter.work(at, 0);
        var scope = new Scope(closure.scope, words);
        var parameters = closure.function.parameters();
        if (parameters == null) {
            scope.put("it", arguments.isEmpty() ? null : arguments.get(0));
        } else {
            // a list is taken apart for a closure of several parameters
            var given = parameters.size() > 1 && arguments.size() == 1 && arguments.get(0) instanceof List<?> list
                    ? Values.list(list)
                    : arguments;
            for (var i = 0; i < parameters.size(); i++) {
                var otherwise = parameters.get(i).otherwise();
                if (i >= given.size() && otherwise == null) {
                    throw at.error("the closure takes " + parameters.size() + " values and got " + given.size());
                }
                scope.put(
                        parameters.get(i).name(),
                        i < given.size() ? given.get(i) : evaluate(Objects.requireNonNull(otherwise), scope));
            }
        }
        var result = new Result();
        run(closure.function.body().statements(), scope, result);
        meter.leave();
        return result.value;
    }

    private End run(List<Node> statements, Scope scope, Result result) {
        for (var statement : statements) {
            var end = run(statement, scope, result);
            if (end != End.NORMAL) {
                return end;
            }
        }
        return End.NORMAL;
    }

    private End run(Node node, Scope scope, Result result) {
        meter.work(node.at(), 0);
        if (node instanceof Node.Block block) {
            return run(block.statements(), new Scope(scope, null), result);
        }
        if (node instanceof Node.Declare declare) {
            declare(declare, scope);
            result.value = null;
            return End.NORMAL;
        }
        if (node instanceof Node.If choice) {
            return run(
                    Values.truth(evaluate(choice.condition(), scope)) ? choice.then() : choice.otherwise(),
                    scope,
                    result);
        }
        if (node instanceof Node.While loop) {
            while (Values.truth(evaluate(loop.condition(), scope))) {
                var end = run(loop.body(), scope, result);
                if (end == End.LEAVE) {
                    break;
                }
                if (end == End.RETURN) {
                    return end;
                }
            }
            return End.NORMAL;
        }
        if (node instanceof Node.ForEach loop) {
            return each(loop, scope, result);
        }
        if (node instanceof Node.For loop) {
            return count(loop, scope, result);
        }
        if (node instanceof Node.Return end) {
            result.value = evaluate(end.value(), scope);
            return End.RETURN;
        }
        if (node instanceof Node.Leave leave) {
            return leave.goOn() ? End.GO_ON : End.LEAVE;
        }
        result.value = evaluate(node, scope);
        return End.NORMAL;
    }

    private void declare(Node.Declare declare, Scope scope) {
        var value = declare.value() == null ? null : evaluate(declare.value(), scope);
        var given = scope.around == null ? settings.get(declare.name()) : null;
        if (given != null) {
            value = setting(declare, given, value);
        } else if (scope.has(declare.name())) {
            throw declare.at().error("'" + declare.name() + "' is declared twice");
        }
        scope.put(declare.name(), value);
    }

    /** What a user gave for a name, as of the kind that the script gives it. */
    private @Nullable Object setting(Node.Declare declare, String given, @Nullable Object value) {
        if (value instanceof Long || value instanceof BigDecimal) {
            return values.as(declare.at(), value instanceof Long ? "long" : "BigDecimal", given);
        }
        if (value instanceof Boolean) {
            return Boolean.parseBoolean(given);
        }
        return given;
    }

    private End each(Node.ForEach loop, Scope scope, Result result) {
        for (var item : items(loop.at(), evaluate(loop.of(), scope))) {
            var inner = new Scope(scope, null);
            inner.put(loop.name(), item);
            var end = run(loop.body(), inner, result);
            if (end == End.LEAVE) {
                break;
            }
            if (end == End.RETURN) {
                return end;
            }
        }
        return End.NORMAL;
    }

    private End count(Node.For loop, Scope scope, Result result) {
        var inner = new Scope(scope, null);
        run(loop.first(), inner, result);
        while (Values.truth(evaluate(loop.condition(), inner))) {
            var end = run(loop.body(), inner, result);
            if (end == End.LEAVE) {
                break;
            }
            if (end == End.RETURN) {
                return end;
            }
            run(loop.next(), inner, result);
        }
        return End.NORMAL;
    }

    /** What a loop goes through: a copy, since the loop may change it. */
    private List<@Nullable Object> items(Place at, @Nullable Object value) {
        if (value == null) {
            return List.of();
        }
        if (value instanceof Range range) {
            return range;
        }
        if (value instanceof List || value instanceof Map) {
            return methods.items(at, value);
        }
        throw at.error("a loop goes through " + Values.kind(value) + "; expected a list, a range or a map");
    }

    private @Nullable Object evaluate(Node node, Scope scope) {
        meter.enter(node.at());
        meter.work(node.at(), 0);
        var value = value(node, scope);
        meter.leave();
        return value;
    }

    private @Nullable Object value(Node node, Scope scope) {
        if (node instanceof Node.Literal literal) {
            return literal.value();
        }
        if (node instanceof Node.Name name) {
            return get(name, scope);
        }
        if (node instanceof Node.Call call) {
            return call(call, scope);
        }
        if (node instanceof Node.Property property) {
            return property(property, scope);
        }
        if (node instanceof Node.Index index) {
            return index(index.at(), evaluate(index.of(), scope), evaluate(index.index(), scope));
        }
        if (node instanceof Node.Text text) {
            meter.text(text.at(), 0);
            var out = new StringBuilder();
            for (var part : text.parts()) {
                var shown = values.text(part.at(), evaluate(part, scope));
                meter.part(part.at(), out.length(), shown.length());
                out.append(shown);
            }
            return out.toString();
        }
        if (node instanceof Node.ListOf list) {
            var items = values.newList(list.at(), list.items().size());
            for (var item : list.items()) {
                items.add(evaluate(item, scope));
            }
            return items;
        }
        if (node instanceof Node.MapOf map) {
            return map(map, scope);
        }
        if (node instanceof Node.RangeOf range) {
            return range(range, scope);
        }
        if (node instanceof Node.Function function) {
            meter.entries(function.at(), 1);
            return new Lambda(function, scope, this);
        }
        if (node instanceof Node.Unary unary) {
            return unary(unary, scope);
        }
        if (node instanceof Node.Binary binary) {
            return binary(binary, scope);
        }
        if (node instanceof Node.Choice choice) {
            var condition = evaluate(choice.condition(), scope);
            if (Values.truth(condition)) {
                return choice.then() == null ? condition : evaluate(choice.then(), scope);
            }
            return evaluate(choice.otherwise(), scope);
        }
        if (node instanceof Node.Assign assign) {
            var value = assign.operator().isEmpty()
                    ? evaluate(assign.value(), scope)
                    : values.operate(
                            assign.at(),
                            assign.operator(),
                            evaluate(assign.target(), scope),
                            evaluate(assign.value(), scope));
            assign(assign.target(), value, scope);
            return value;
        }
        if (node instanceof Node.Step step) {
            var before = evaluate(step.target(), scope);
            var now = values.operate(step.at(), step.operator(), before, 1L);
            assign(step.target(), now, scope);
            return step.after() ? before : now;
        }
        if (node instanceof Node.As as) {
            return values.as(as.at(), as.type(), evaluate(as.value(), scope));
        }
        var result = new Result();
        run(node, scope, result);
        return result.value;
    }

    private @Nullable Object get(Node.Name name, Scope scope) {
        for (var next = scope; next != null; next = next.around) {
            if (next.has(name.name())) {
                return next.get(name.name());
            }
            if (next.words != null) {
                var value = next.words.get(name.name());
                if (value.isPresent()) {
                    return value.get();
                }
            }
        }
        throw undefined(name.at(), name.name());
    }

    private static MusterException undefined(Place at, String name) {
        return at.error("'" + name + "' is not defined; "
                + (Character.isUpperCase(name.charAt(0))
                        ? "scripts reach no classes"
                        : "declare it: def " + name + " = …"));
    }

    private void assign(Node target, @Nullable Object value, Scope scope) {
        if (target instanceof Node.Name name) {
            set(name, value, scope);
        } else if (target instanceof Node.Property property) {
            put(property.at(), evaluate(property.of(), scope), property.name(), value);
        } else if (target instanceof Node.Index index) {
            put(index.at(), evaluate(index.of(), scope), evaluate(index.index(), scope), value);
        }
    }

    private static void set(Node.Name name, @Nullable Object value, Scope scope) {
        for (var next = scope; next != null; next = next.around) {
            if (next.has(name.name())) {
                next.put(name.name(), value);
                return;
            }
        }
        for (var next = scope; next != null; next = next.around) {
            if (next.words != null && next.words.set(name.at(), name.name(), value)) {
                return;
            }
        }
        throw undefined(name.at(), name.name());
    }

    private void put(Place at, @Nullable Object owner, @Nullable Object key, @Nullable Object value) {
        if (owner instanceof Range) {
            throw at.error("a range cannot be changed; write (1..3).toList()");
        }
        if (owner instanceof Map) {
            values.put(at, Values.map(owner), key, value);
        } else if (owner instanceof List && key instanceof Long index) {
            var list = Values.list(owner);
            meter.entries(at, 1);
            if (index == list.size()) {
                list.add(value);
            } else {
                list.set(methods.place(at, list.size(), index), value);
            }
        } else {
            throw at.error("nothing in " + Values.kind(owner) + " can be set by " + Values.kind(key));
        }
    }

    private @Nullable Object property(Node.Property property, Scope scope) {
        var owner = evaluate(property.of(), scope);
        if (owner == null && property.safe()) {
            return null;
        }
        if (owner instanceof List && !property.name().equals("empty")) {
            var taken = values.newList(property.at(), Values.list(owner).size());
            for (var item : Values.list(owner)) {
                taken.add(member(property.at(), item, property.name()));
            }
            return taken;
        }
        return member(property.at(), owner, property.name());
    }

    private @Nullable Object member(Place at, @Nullable Object owner, String name) {
        meter.work(at, 0);
        if (owner instanceof Map<?, ?> map) {
            return map.get(name);
        }
        if (owner == null) {
            throw at.error("null has no '" + name + "'; write ?. if there may be nothing");
        }
        throw values.noMember(at, owner, "property", name);
    }

    private @Nullable Object index(Place at, @Nullable Object owner, @Nullable Object index) {
        if (owner instanceof Map) {
            return Values.get(Values.map(owner), index);
        }
        if (owner instanceof List<?> list && index instanceof Long number) {
            // beyond its end there is null, as in Groovy
            return number >= list.size() ? null : list.get(methods.place(at, list.size(), number));
        }
        if (owner instanceof String text && index instanceof Long number) {
            var place = methods.place(at, text.length(), number);
            return text.substring(place, place + 1);
        }
        if (index instanceof List && (owner instanceof List || owner instanceof String)) {
            var taken = values.newList(at, Values.list(index).size());
            for (var each : Values.list(index)) {
                taken.add(index(at, owner, each));
            }
            return owner instanceof String ? methods.join(at, taken, "") : taken;
        }
        throw at.error(Values.kind(owner) + " has nothing at " + Values.kind(index));
    }

    private Map<Object, @Nullable Object> map(Node.MapOf map, Scope scope) {
        var made = values.newMap(map.at());
        for (var entry : map.entries()) {
            values.put(map.at(), made, evaluate(entry.key(), scope), evaluate(entry.value(), scope));
        }
        return made;
    }

    private Object range(Node.RangeOf range, Scope scope) {
        var from = evaluate(range.from(), scope);
        var to = evaluate(range.to(), scope);
        if (!(from instanceof Long first) || !(to instanceof Long last)) {
            throw range.at()
                    .error("a range from " + Values.kind(from) + " to " + Values.kind(to) + "; expected whole numbers");
        }
        var step = last < first ? -1 : 1;
        BigDecimal size = BigDecimal.valueOf(last)
                .subtract(BigDecimal.valueOf(first))
                .abs()
                .add(range.inclusive() ? BigDecimal.ONE : BigDecimal.ZERO);
        if (size.compareTo(BigDecimal.valueOf(MAX_RANGE)) > 0) {
            throw range.at().error("a range of " + size + " numbers; expected at most " + MAX_RANGE);
        }
        return new Range(first, size.intValue(), step);
    }

    private @Nullable Object unary(Node.Unary unary, Scope scope) {
        var value = evaluate(unary.operand(), scope);
        if (unary.operator().equals("!")) {
            return !Values.truth(value);
        }
        return values.operate(unary.at(), unary.operator(), 0L, value);
    }

    private @Nullable Object binary(Node.Binary binary, Scope scope) {
        var at = binary.at();
        var left = evaluate(binary.left(), scope);
        switch (binary.operator()) {
            case "&&" -> {
                return Values.truth(left) && Values.truth(evaluate(binary.right(), scope));
            }
            case "||" -> {
                return Values.truth(left) || Values.truth(evaluate(binary.right(), scope));
            }
            default -> {}
        }
        var right = evaluate(binary.right(), scope);
        return switch (binary.operator()) {
            case "==" -> values.equal(at, left, right);
            case "!=" -> !values.equal(at, left, right);
            case "<" -> values.compare(at, left, right) < 0;
            case "<=" -> values.compare(at, left, right) <= 0;
            case ">" -> values.compare(at, left, right) > 0;
            case ">=" -> values.compare(at, left, right) >= 0;
            case "<=>" -> (long) values.compare(at, left, right);
            case "in" -> methods.contains(at, right, left);
            case "<<" -> {
                if (!(left instanceof List) || left instanceof Range) {
                    throw at.error("'<<' adds to a list; here is " + Values.kind(left));
                }
                meter.entries(at, 1);
                Values.list(left).add(right);
                yield left;
            }
            default -> values.operate(at, binary.operator(), left, right);
        };
    }

    private @Nullable Object call(Node.Call call, Scope scope) {
        if (call.of() == null) {
            return say(call, scope);
        }
        var owner = evaluate(call.of(), scope);
        if (owner == null && call.safe()) {
            return null;
        }
        var arguments = arguments(call, scope);
        if (call.named() != null) {
            arguments.add(0, map(call.named(), scope));
        }
        if (call.each()) {
            var taken = values.newList(call.at(), 0);
            for (var item : items(call.at(), owner)) {
                meter.entries(call.at(), 1);
                taken.add(methods.call(call.at(), item, call.name(), arguments));
            }
            return taken;
        }
        return methods.call(call.at(), owner, call.name(), arguments);
    }

    private List<@Nullable Object> arguments(Node.Call call, Scope scope) {
        var arguments = new ArrayList<@Nullable Object>();
        for (var argument : call.arguments()) {
            arguments.add(evaluate(argument, scope));
        }
        return arguments;
    }

    /** A closure that the script declared, or a word of a block around. */
    private @Nullable Object say(Node.Call call, Scope scope) {
        for (var next = scope; next != null; next = next.around) {
            if (next.has(call.name()) && next.get(call.name()) instanceof Lambda closure) {
                var arguments = arguments(call, scope);
                if (call.named() != null) {
                    arguments.add(0, map(call.named(), scope));
                }
                return call(closure, null, arguments);
            }
        }
        var saying = new Words.Saying(
                call.at(),
                call.name(),
                arguments(call, scope),
                call.named() == null ? new LinkedHashMap<>() : map(call.named(), scope),
                call.statement());
        for (var next = scope; next != null; next = next.around) {
            if (next.words != null && next.words.say(saying)) {
                return null;
            }
        }
        throw call.at().error("'" + call.name() + "' is no word here, and no closure of that name is declared");
    }
}
