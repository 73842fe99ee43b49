package muster.language.lsl.syntax;

import java.util.List;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/** A part of a script. */
public sealed interface Node {
    Place at();

    /** A value: null, a string, a {@link Long}, a {@link java.math.BigDecimal} or a {@link Boolean}. */
    record Literal(Place at, @Nullable Object value) implements Node {}

    /** A string of parts, put together when it is evaluated. */
    record Text(Place at, List<Node> parts) implements Node {}

    record ListOf(Place at, List<Node> items) implements Node {}

    record MapOf(Place at, List<Entry> entries) implements Node {}

    record Entry(Node key, Node value) {}

    /** Whole numbers from one to another, the last one with them or not. */
    record RangeOf(Place at, Node from, Node to, boolean inclusive) implements Node {}

    record Name(Place at, String name) implements Node {}

    /**
     * @param safe whether it is null of null
     * @param each whether it is taken of each item of a list
     */
    record Property(Place at, Node of, String name, boolean safe, boolean each) implements Node {}

    record Index(Place at, Node of, Node index) implements Node {}

    /**
     * @param of the receiver; null for a word of the script
     * @param named arguments such as {@code name: 'x'}; null if there are none
     * @param statement whether nothing takes its value
     */
    record Call(
            Place at,
            @Nullable Node of,
            String name,
            List<Node> arguments,
            @Nullable MapOf named,
            boolean safe,
            boolean each,
            boolean statement)
            implements Node {}

    /** @param operator {@code - + !} */
    record Unary(Place at, String operator, Node operand) implements Node {}

    record Binary(Place at, String operator, Node left, Node right) implements Node {}

    /** @param then null for the condition's own value */
    record Choice(Place at, Node condition, @Nullable Node then, Node otherwise) implements Node {}

    /**
     * @param target a name, a property or an index
     * @param operator what is done with the old value and the new; empty if nothing is
     */
    record Assign(Place at, Node target, String operator, Node value) implements Node {}

    /**
     * Adds one, or takes one.
     *
     * @param operator {@code +} or {@code -}
     * @param after whether its value is the old one
     */
    record Step(Place at, Node target, String operator, boolean after) implements Node {}

    /** @param parameters null for one that is called {@code it} */
    record Function(Place at, @Nullable List<Parameter> parameters, Block body) implements Node {}

    record Parameter(String name, @Nullable Node otherwise) {}

    /** A value as one of another type. */
    record As(Place at, String type, Node value) implements Node {}

    record Block(Place at, List<Node> statements) implements Node {}

    record Declare(Place at, String name, @Nullable Node value) implements Node {}

    record If(Place at, Node condition, Node then, Node otherwise) implements Node {}

    record While(Place at, Node condition, Node body) implements Node {}

    record ForEach(Place at, String name, Node of, Node body) implements Node {}

    record For(Place at, Node first, Node condition, Node next, Node body) implements Node {}

    record Return(Place at, Node value) implements Node {}

    record Leave(Place at, boolean goOn) implements Node {}
}
