package muster.language.makeflow.jx;

import java.util.List;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/** An expression as it was written. */
public sealed interface Expression {
    Place at();

    record Constant(Place at, Value value) implements Expression {}

    record Symbol(Place at, String name) implements Expression {}

    record Items(Place at, List<Entry> entries) implements Expression {}

    /** Entries whose key is computed once for each round of {@code loops}; one round without any. */
    record Fields(Place at, List<Pair> pairs) implements Expression {}

    record Negation(Place at, Expression operand) implements Expression {}

    record Complement(Place at, Expression operand) implements Expression {}

    record Operation(Place at, String operator, Expression left, Expression right) implements Expression {}

    record Lookup(Place at, Expression of, Expression index) implements Expression {}

    record Slice(
            Place at,
            Expression of,
            @Nullable Expression from,
            @Nullable Expression to) implements Expression {}

    record Call(Place at, String function, List<Expression> arguments) implements Expression {}

    /** One entry of a list, repeated for each round of its loops. */
    record Entry(Expression value, List<Loop> loops) {}

    record Pair(Expression key, Expression value, List<Loop> loops) {}

    /** {@code for name in list if condition}. */
    record Loop(
            Place at,
            String name,
            Expression list,
            @Nullable Expression condition) {}
}
