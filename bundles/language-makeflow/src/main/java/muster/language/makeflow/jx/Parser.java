package muster.language.makeflow.jx;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import muster.api.language.Place;
import muster.language.makeflow.jx.Tokens.Kind;
import muster.language.makeflow.jx.Tokens.Token;
import org.jspecify.annotations.Nullable;

/** Reads a document by recursive descent, one method for each level of precedence. Depth is bounded. */
public final class Parser {
    private static final int MAX_DEPTH = 100;
    private static final Set<String> KEYWORDS = Set.of("for", "in", "if", "and", "or", "not");

    private final Tokens tokens;
    private int depth;

    private Parser(Tokens tokens) {
        this.tokens = tokens;
    }

    /** The one expression that a text is made of. */
    public static Expression parse(String file, String text) {
        var parser = new Parser(new Tokens(file, text));
        var expression = parser.expression();
        var rest = parser.tokens.peek();
        if (rest.kind() != Kind.END) {
            throw rest.at().error("unexpected " + rest + " after the end of the document");
        }
        return expression;
    }

    private Expression expression() {
        if (++depth > MAX_DEPTH) {
            throw tokens.peek().at().error("values are nested deeper than " + MAX_DEPTH + "; flatten them");
        }
        var expression = disjunction();
        depth--;
        return expression;
    }

    private Expression disjunction() {
        return chain(this::conjunction, "or");
    }

    private Expression conjunction() {
        return chain(this::complement, "and");
    }

    /** Operands with operators of one precedence between them, which associate to the left. */
    private Expression chain(Supplier<Expression> operand, String... operators) {
        var left = operand.get();
        while (isOneOf(operators)) {
            var operator = tokens.take();
            left = new Expression.Operation(operator.at(), operator.text(), left, operand.get());
        }
        return left;
    }

    private Expression complement() {
        var nots = new ArrayList<Place>();
        while (tokens.peek().is("not")) {
            nots.add(tokens.take().at());
            requireShallow(nots);
        }
        var operand = comparison();
        for (var i = nots.size() - 1; i >= 0; i--) {
            operand = new Expression.Complement(nots.get(i), operand);
        }
        return operand;
    }

    private Expression comparison() {
        return chain(this::sum, "==", "!=", "<", "<=", ">", ">=");
    }

    private Expression sum() {
        return chain(this::product, "+", "-");
    }

    private Expression product() {
        return chain(this::signed, "*", "/", "%");
    }

    private Expression signed() {
        var signs = new ArrayList<Place>();
        while (isOneOf("-", "+")) {
            var sign = tokens.take();
            if (sign.is("-")) {
                signs.add(sign.at());
                requireShallow(signs);
            }
        }
        var operand = accessed();
        for (var i = signs.size() - 1; i >= 0; i--) {
            operand = new Expression.Negation(signs.get(i), operand);
        }
        return operand;
    }

    private Expression accessed() {
        var value = primary();
        while (true) {
            var token = tokens.peek();
            if (token.is("[")) {
                value = lookup(value);
            } else if (token.is(".")) {
                tokens.take();
                var name = word("a function's name after '.'");
                var arguments = new ArrayList<Expression>();
                arguments.add(value);
                arguments.addAll(arguments());
                value = new Expression.Call(name.at(), name.text(), arguments);
            } else {
                return value;
            }
        }
    }

    private Expression lookup(Expression of) {
        var at = tokens.take().at();
        var from = tokens.peek().is(":") ? null : expression();
        if (!tokens.peek().is(":")) {
            expect("]");
            return new Expression.Lookup(at, of, Objects.requireNonNull(from));
        }
        tokens.take();
        var to = tokens.peek().is("]") ? null : expression();
        expect("]");
        return new Expression.Slice(at, of, from, to);
    }

    private Expression primary() {
        var token = tokens.peek();
        var at = token.at();
        switch (token.kind()) {
            case TEXT:
                tokens.take();
                return new Expression.Constant(at, new Value.Text(token.text()));
            case WHOLE:
                tokens.take();
                return new Expression.Constant(at, new Value.Whole(whole(token)));
            case REAL:
                tokens.take();
                return new Expression.Constant(at, new Value.Real(Double.parseDouble(token.text())));
            case WORD:
                return named();
            default:
                break;
        }
        if (token.is("[")) {
            return items();
        }
        if (token.is("{")) {
            return fields();
        }
        if (token.is("(")) {
            tokens.take();
            var inner = expression();
            expect(")");
            return inner;
        }
        throw at.error("unexpected " + token + "; expected a value");
    }

    private static long whole(Token token) {
        try {
            return Long.parseLong(token.text());
        } catch (NumberFormatException e) {
            throw token.at().error(token + " is too large for an integer of 64 bits");
        }
    }

    private Expression named() {
        var word = word("a value");
        switch (word.text()) {
            case "true", "false":
                return new Expression.Constant(
                        word.at(), new Value.Truth(word.text().equals("true")));
            case "null":
                return new Expression.Constant(word.at(), new Value.Nothing());
            default:
                return tokens.peek().is("(")
                        ? new Expression.Call(word.at(), word.text(), arguments())
                        : new Expression.Symbol(word.at(), word.text());
        }
    }

    private List<Expression> arguments() {
        expect("(");
        var arguments = new ArrayList<Expression>();
        while (!tokens.peek().is(")")) {
            arguments.add(expression());
            if (!tokens.peek().is(")")) {
                expect(",");
            }
        }
        tokens.take();
        return arguments;
    }

    private Expression items() {
        var at = tokens.take().at();
        var entries = new ArrayList<Expression.Entry>();
        while (!tokens.peek().is("]")) {
            var value = expression();
            entries.add(new Expression.Entry(value, loops()));
            if (!tokens.peek().is("]")) {
                expect(",");
            }
        }
        tokens.take();
        return new Expression.Items(at, entries);
    }

    private Expression fields() {
        var at = tokens.take().at();
        var pairs = new ArrayList<Expression.Pair>();
        while (!tokens.peek().is("}")) {
            var key = expression();
            expect(":");
            var value = expression();
            pairs.add(new Expression.Pair(key, value, loops()));
            if (!tokens.peek().is("}")) {
                expect(",");
            }
        }
        tokens.take();
        return new Expression.Fields(at, pairs);
    }

    private List<Expression.Loop> loops() {
        var loops = new ArrayList<Expression.Loop>();
        while (tokens.peek().is("for")) {
            var at = tokens.take().at();
            var name = word("a name after 'for'");
            expect("in");
            var list = expression();
            @Nullable Expression condition = null;
            if (tokens.peek().is("if")) {
                tokens.take();
                condition = expression();
            }
            loops.add(new Expression.Loop(at, name.text(), list, condition));
        }
        return loops;
    }

    private Token word(String expected) {
        var token = tokens.peek();
        if (token.kind() != Kind.WORD || KEYWORDS.contains(token.text())) {
            throw token.at().error("unexpected " + token + "; expected " + expected);
        }
        return tokens.take();
    }

    private boolean isOneOf(String... operators) {
        for (var operator : operators) {
            if (tokens.peek().is(operator)) {
                return true;
            }
        }
        return false;
    }

    private void expect(String sign) {
        var token = tokens.peek();
        if (!token.is(sign)) {
            throw token.at().error("unexpected " + token + "; expected '" + sign + "'");
        }
        tokens.take();
    }

    private void requireShallow(List<Place> signs) {
        if (signs.size() > MAX_DEPTH) {
            throw tokens.peek().at().error("signs are nested deeper than " + MAX_DEPTH + "; remove some");
        }
    }
}
