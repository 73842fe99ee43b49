package muster.language.makeflow.jx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/** Computes what an expression stands for, within bounds of steps, size and depth. Not thread-safe. */
public final class Evaluator {
    private static final int MAX_DEPTH = 250;

    /** What a small value takes, with its place in a list. */
    private static final long ENTRY_BYTES = 64;

    private static final long CHARACTERS_A_STEP = 64;

    private final Functions functions = new Functions(this);
    private long stepsLeft;
    private long sizeLeft;
    private int depth;

    /**
     * @param steps how many expressions may be evaluated in all
     * @param size how many bytes may be made in all, about
     */
    public Evaluator(long steps, long size) {
        stepsLeft = steps;
        sizeLeft = size;
    }

    public Value evaluate(Expression expression, Scope scope) {
        takeSteps(expression.at(), 1);
        if (++depth > MAX_DEPTH) {
            throw expression.at().error("an expression is nested deeper than " + MAX_DEPTH + "; use join(…) or define");
        }
        var value = value(expression, scope);
        depth--;
        return value;
    }

    private Value value(Expression expression, Scope scope) {
        if (expression instanceof Expression.Constant constant) {
            return constant.value();
        } else if (expression instanceof Expression.Symbol symbol) {
            var found = scope.find(symbol.name());
            if (found == null) {
                throw symbol.at().error("'" + symbol.name() + "' is not defined; define it, or quote it if it is text");
            }
            return found;
        } else if (expression instanceof Expression.Operation operation) {
            return operation(operation, scope);
        } else if (expression instanceof Expression.Items items) {
            var values = new ArrayList<Value>();
            forEach(items, scope, (at, value) -> values.add(value));
            return new Value.Items(values);
        } else if (expression instanceof Expression.Fields fields) {
            return fields(fields, scope);
        } else if (expression instanceof Expression.Call call) {
            return functions.call(call, scope);
        } else if (expression instanceof Expression.Lookup lookup) {
            return lookup(lookup.at(), evaluate(lookup.of(), scope), evaluate(lookup.index(), scope));
        } else if (expression instanceof Expression.Slice slice) {
            return slice(slice, scope);
        } else if (expression instanceof Expression.Complement complement) {
            return new Value.Truth(!truth(complement.operand(), scope, "not"));
        } else {
            return negated((Expression.Negation) expression, scope);
        }
    }

    /**
     * Gives each entry of a list with the place where it was written, without keeping them all.
     *
     * @throws muster.api.MusterException if the expression is no list
     */
    public void forEach(Expression expression, Scope scope, BiConsumer<Place, Value> each) {
        if (expression instanceof Expression.Items items) {
            for (var entry : items.entries()) {
                rounds(entry.loops(), 0, scope, inner -> {
                    growBy(items.at(), 1);
                    each.accept(entry.value().at(), evaluate(entry.value(), inner));
                });
            }
        } else if (evaluate(expression, scope) instanceof Value.Items items) {
            items.values().forEach(value -> each.accept(expression.at(), value));
        } else {
            throw expression.at().error("expected an array");
        }
    }

    /** Takes note of entries of lists and objects that are made. */
    void growBy(Place at, long entries) {
        grow(at, entries * ENTRY_BYTES);
    }

    /** Takes note of what is made, in bytes. */
    void grow(Place at, long size) {
        sizeLeft -= size;
        if (sizeLeft < 0) {
            throw tooLarge(at);
        }
    }

    private static RuntimeException tooLarge(Place at) {
        return at.error("the document grows too large; make its lists shorter");
    }

    /** Takes note of characters that are looked at. */
    void read(Place at, long characters) {
        takeSteps(at, characters / CHARACTERS_A_STEP);
    }

    private void takeSteps(Place at, long steps) {
        stepsLeft -= steps;
        if (stepsLeft < 0) {
            throw at.error("the document takes too many steps to evaluate; make its lists shorter");
        }
    }

    private Value fields(Expression.Fields fields, Scope scope) {
        var values = new LinkedHashMap<String, Value>();
        for (var pair : fields.pairs()) {
            rounds(pair.loops(), 0, scope, inner -> {
                var key = evaluate(pair.key(), inner);
                if (!(key instanceof Value.Text text)) {
                    throw pair.key().at().error("a key is " + key.type() + " " + key + "; expected a string");
                }
                growBy(fields.at(), 1);
                if (values.put(text.value(), evaluate(pair.value(), inner)) != null) {
                    throw pair.key().at().error("the key \"" + text + "\" is there twice; remove one");
                }
            });
        }
        return new Value.Fields(values);
    }

    private void rounds(List<Expression.Loop> loops, int first, Scope scope, Consumer<Scope> round) {
        if (first == loops.size()) {
            round.accept(scope);
            return;
        }
        var loop = loops.get(first);
        var list = evaluate(loop.list(), scope);
        if (!(list instanceof Value.Items items)) {
            throw loop.list().at().error("'for' goes over " + list.type() + " " + list + "; expected an array");
        }
        for (var item : items.values()) {
            var inner = scope.with(loop.name(), item);
            if (loop.condition() == null || truth(loop.condition(), inner, "if")) {
                rounds(loops, first + 1, inner, round);
            }
        }
    }

    private boolean truth(Expression expression, Scope scope, String of) {
        var value = evaluate(expression, scope);
        if (value instanceof Value.Truth truth) {
            return truth.value();
        }
        throw expression.at().error("'" + of + "' takes a boolean, not " + value.type() + " " + value);
    }

    private Value negated(Expression.Negation negation, Scope scope) {
        var value = evaluate(negation.operand(), scope);
        if (value instanceof Value.Whole whole && whole.value() != Long.MIN_VALUE) {
            return new Value.Whole(-whole.value());
        } else if (value instanceof Value.Real real) {
            return new Value.Real(-real.value());
        }
        throw negation.at().error("'-' takes a number, not " + value.type() + " " + value);
    }

    private Value operation(Expression.Operation operation, Scope scope) {
        switch (operation.operator()) {
            case "and":
                return new Value.Truth(truth(operation.left(), scope, "and") && truth(operation.right(), scope, "and"));
            case "or":
                return new Value.Truth(truth(operation.left(), scope, "or") || truth(operation.right(), scope, "or"));
            default:
                break;
        }
        var left = evaluate(operation.left(), scope);
        var right = evaluate(operation.right(), scope);
        return switch (operation.operator()) {
            case "==" -> new Value.Truth(equal(operation.at(), left, right, 0));
            case "!=" -> new Value.Truth(!equal(operation.at(), left, right, 0));
            case "<" -> new Value.Truth(compare(operation, left, right) < 0);
            case "<=" -> new Value.Truth(compare(operation, left, right) <= 0);
            case ">" -> new Value.Truth(compare(operation, left, right) > 0);
            case ">=" -> new Value.Truth(compare(operation, left, right) >= 0);
            case "+" -> joined(operation, left, right);
            default -> computed(operation, left, right);
        };
    }

    private boolean equal(Place at, Value left, Value right, int level) {
        takeSteps(at, 1);
        if (level > MAX_DEPTH) {
            throw at.error("the values are nested deeper than " + MAX_DEPTH + "; compare parts of them");
        }
        if (left instanceof Value.Items a && right instanceof Value.Items b) {
            var equal = a.values().size() == b.values().size();
            for (var i = 0; equal && i < a.values().size(); i++) {
                equal = equal(at, a.values().get(i), b.values().get(i), level + 1);
            }
            return equal;
        } else if (left instanceof Value.Fields a && right instanceof Value.Fields b) {
            if (!a.values().keySet().equals(b.values().keySet())) {
                return false;
            }
            for (var field : a.values().entrySet()) {
                var other = Objects.requireNonNull(b.values().get(field.getKey()));
                if (!equal(at, field.getValue(), other, level + 1)) {
                    return false;
                }
            }
            return true;
        } else if (left instanceof Value.Text a && right instanceof Value.Text b) {
            read(at, Math.min(a.value().length(), b.value().length()));
        } else if (isNumber(left) && isNumber(right) && !left.getClass().equals(right.getClass())) {
            return number(left) == number(right);
        }
        return left.equals(right);
    }

    private static boolean isNumber(Value value) {
        return value instanceof Value.Whole || value instanceof Value.Real;
    }

    private static double number(Value value) {
        return value instanceof Value.Whole whole ? whole.value() : ((Value.Real) value).value();
    }

    private int compare(Expression.Operation operation, Value left, Value right) {
        if (left instanceof Value.Whole a && right instanceof Value.Whole b) {
            return Long.compare(a.value(), b.value());
        }
        if (isNumber(left) && isNumber(right)) {
            return Double.compare(number(left), number(right));
        }
        if (left instanceof Value.Text a && right instanceof Value.Text b) {
            read(operation.at(), Math.min(a.value().length(), b.value().length()));
            return a.value().compareTo(b.value());
        }
        throw mismatch(operation, left, right);
    }

    private static RuntimeException mismatch(Expression.Operation operation, Value left, Value right) {
        return operation
                .at()
                .error("'" + operation.operator() + "' does not take " + left.type() + " " + left + " and "
                        + right.type() + " " + right);
    }

    /** A sum, or two strings or arrays one behind the other. A string also takes a number or boolean. */
    private Value joined(Expression.Operation operation, Value left, Value right) {
        if (left instanceof Value.Items a && right instanceof Value.Items b) {
            growBy(operation.at(), a.values().size() + (long) b.values().size());
            var both = new ArrayList<>(a.values());
            both.addAll(b.values());
            return new Value.Items(both);
        }
        if ((left instanceof Value.Text && isPlain(right)) || (right instanceof Value.Text && isPlain(left))) {
            return new Value.Text(text(operation.at(), left) + text(operation.at(), right));
        }
        return computed(operation, left, right);
    }

    /** A value as it stands in a string that it is joined to. */
    public String text(Place at, Value value) {
        var printer = new Printer(sizeLeft);
        if (!printer.print(value)) {
            throw tooLarge(at);
        }
        var text = printer.toString();
        grow(at, text.length());
        return text;
    }

    private static boolean isPlain(Value value) {
        return value instanceof Value.Text || value instanceof Value.Truth || isNumber(value);
    }

    private static Value computed(Expression.Operation operation, Value left, Value right) {
        if (!isNumber(left) || !isNumber(right)) {
            throw mismatch(operation, left, right);
        }
        var operator = operation.operator();
        var divides = operator.equals("/") || operator.equals("%");
        if (divides && number(right) == 0) {
            throw operation.at().error(left + " " + operator + " 0 is a division by zero");
        }
        if (left instanceof Value.Whole a && right instanceof Value.Whole b) {
            try {
                return new Value.Whole(whole(operator, a.value(), b.value()));
            } catch (ArithmeticException e) {
                throw operation.at().error(left + " " + operator + " " + right + " does not fit into 64 bits");
            }
        }
        var a = number(left);
        var b = number(right);
        return new Value.Real(
                switch (operator) {
                    case "+" -> a + b;
                    case "-" -> a - b;
                    case "*" -> a * b;
                    case "/" -> a / b;
                    default -> a % b;
                });
    }

    private static long whole(String operator, long a, long b) {
        return switch (operator) {
            case "+" -> Math.addExact(a, b);
            case "-" -> Math.subtractExact(a, b);
            case "*" -> Math.multiplyExact(a, b);
            case "/" -> b == -1 ? Math.negateExact(a) : a / b;
            default -> a % b;
        };
    }

    private static Value lookup(Place at, Value of, Value index) {
        if (of instanceof Value.Items items && index instanceof Value.Whole whole) {
            var size = items.values().size();
            var position = whole.value() < 0 ? whole.value() + size : whole.value();
            if (position < 0 || position >= size) {
                throw at.error("index " + index + " is outside an array of " + size);
            }
            return items.values().get((int) position);
        }
        if (of instanceof Value.Fields fields && index instanceof Value.Text text) {
            var found = fields.values().get(text.value());
            if (found == null) {
                throw at.error("the object has no key \"" + text + "\"; it has "
                        + String.join(", ", fields.values().keySet()));
            }
            return found;
        }
        throw at.error("cannot look up " + index.type() + " " + index + " in " + of.type()
                + "; expected an array and an integer, or an object and a string");
    }

    private Value slice(Expression.Slice slice, Scope scope) {
        var of = evaluate(slice.of(), scope);
        if (!(of instanceof Value.Items items)) {
            throw slice.at().error("a slice of " + of.type() + " " + of + "; expected an array");
        }
        var size = items.values().size();
        var from = bound(slice.from(), scope, 0, size);
        var to = bound(slice.to(), scope, size, size);
        growBy(slice.at(), Math.max(0, to - from));
        return new Value.Items(from < to ? items.values().subList(from, to) : List.of());
    }

    private int bound(@Nullable Expression expression, Scope scope, int otherwise, int size) {
        if (expression == null) {
            return otherwise;
        }
        var value = evaluate(expression, scope);
        if (value instanceof Value.Whole whole) {
            var position = whole.value() < 0 ? whole.value() + size : whole.value();
            return (int) Math.max(0, Math.min(size, position));
        }
        throw expression.at().error("a bound of a slice is " + value.type() + " " + value + "; expected an integer");
    }

    /** Names that stand for expressions, each evaluated when it is first asked for, in the scope that they make. */
    public Scope defines(Map<String, Expression> defines, Scope outer) {
        return new Defines(defines, outer);
    }

    private final class Defines implements Scope {
        private final Map<String, Expression> open;
        private final Scope outer;
        private final Map<String, Value> known = new LinkedHashMap<>();
        private final List<String> asking = new ArrayList<>();

        Defines(Map<String, Expression> open, Scope outer) {
            this.open = open;
            this.outer = outer;
        }

        @Override
        public @Nullable Value find(String name) {
            var given = outer.find(name);
            if (given != null) {
                return given;
            }
            var value = known.get(name);
            var expression = open.get(name);
            if (value != null || expression == null) {
                return value;
            }
            if (asking.contains(name)) {
                throw expression.at().error("'" + name + "' is defined by itself; break the circle");
            }
            asking.add(name);
            value = evaluate(expression, this);
            asking.remove(name);
            known.put(name, value);
            return value;
        }
    }
}
