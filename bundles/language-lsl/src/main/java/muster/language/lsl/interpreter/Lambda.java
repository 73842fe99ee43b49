package muster.language.lsl.interpreter;

import java.util.List;
import muster.api.language.Place;
import muster.language.lsl.syntax.Node;
import org.jspecify.annotations.Nullable;

/** A closure: a part of the script with the names around it. */
public final class Lambda {
    final Node.Function function;
    final Scope scope;
    private final Interpreter interpreter;

    Lambda(Node.Function function, Scope scope, Interpreter interpreter) {
        this.function = function;
        this.scope = scope;
        this.interpreter = interpreter;
    }

    public Place at() {
        return function.at();
    }

    /** How many values it takes; one if it names none. */
    int arity() {
        return function.parameters() == null ? 1 : function.parameters().size();
    }

    /** Its value for arguments. */
    public @Nullable Object call(List<@Nullable Object> arguments) {
        return interpreter.call(this, null, arguments);
    }

    /** Runs it as a block in which further words mean something. */
    public void within(Words words) {
        interpreter.call(this, words, List.of());
    }

    @Override
    public String toString() {
        return "{ … }";
    }
}
