package muster.language.lsl;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import muster.api.MusterException;
import muster.api.language.Place;
import muster.language.lsl.interpreter.Lambda;
import muster.language.lsl.interpreter.Words.Saying;
import org.jspecify.annotations.Nullable;

/** Reads what follows a word. */
record Said(Saying saying) {
    Place at() {
        return saying.at();
    }

    MusterException wrong(String expected) {
        return at().error("'" + saying.word() + "' expects " + expected);
    }

    /** The block at its end; null if there is none. */
    @Nullable
    Lambda block() {
        var arguments = saying.arguments();
        return !arguments.isEmpty() && arguments.get(arguments.size() - 1) instanceof Lambda closure ? closure : null;
    }

    Lambda requireBlock() {
        var block = block();
        if (block == null) {
            throw wrong("a block { … }");
        }
        return block;
    }

    /** The texts before its block, be they one by one or in lists. */
    List<String> texts() {
        var texts = new ArrayList<String>();
        for (var argument : saying.arguments()) {
            if (argument instanceof List<?> list) {
                list.forEach(item -> texts.add(text(item)));
            } else if (!(argument instanceof Lambda) || argument != block()) {
                texts.add(text(argument));
            }
        }
        return texts;
    }

    private String text(@Nullable Object value) {
        if (!(value instanceof String text)) {
            throw wrong("texts");
        }
        return text;
    }

    /** The one text before its block. */
    String name() {
        var texts = texts();
        if (texts.size() != 1) {
            throw wrong("one name");
        }
        return texts.get(0);
    }

    /** A named argument; null if it is not given. */
    @Nullable
    String named(String name) {
        var value = saying.named().get(name);
        return value == null ? null : text(value);
    }

    void requireNamed(Set<String> known) {
        for (var name : saying.named().keySet()) {
            if (!known.contains(String.valueOf(name))) {
                throw at().error("'" + saying.word() + "' has no '" + name + "'; it takes "
                        + String.join(", ", known.stream().sorted().toList()));
            }
        }
    }
}
