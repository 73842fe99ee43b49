package muster.language.yaml;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/**
 * A text in which <code>${{ name }}</code> stands for the value of a name; <code>${{ name:03 }}</code> for a whole number with
 * zeros in front, to so many digits.
 *
 * @param at of the text
 * @param literals what stands before each use, and after the last
 * @param uses in order
 */
record Template(Place at, List<String> literals, List<Use> uses) {
    private static final Pattern USE =
            Pattern.compile("\\$\\{\\{\\s*([A-Za-z_][A-Za-z0-9_]*)\\s*(?::\\s*0([1-9][0-9]?)\\s*)?}}");

    private static final Pattern WHOLE_NUMBER = Pattern.compile("-?[0-9]+");

    /** What one text may come to, in characters; and all texts that one entry of a list becomes. */
    private static final int LONGEST = 4_000_000;

    /** @param digits at least so many; 0 for as it is */
    private record Use(Place at, String name, int digits) {}

    Template {
        literals = List.copyOf(literals);
        uses = List.copyOf(uses);
    }

    /** A text that stands for itself. */
    static Template literal(Place at, String text) {
        return new Template(at, List.of(text), List.of());
    }

    /**
     * Reads a text; a fault is told with the place of the use.
     *
     * @param known names that may be used
     */
    static Template of(Node.Scalar scalar, Set<String> known) {
        var text = scalar.text();
        if (!text.contains("${{")) {
            return literal(scalar.at(), text);
        }
        var literals = new ArrayList<String>();
        var uses = new ArrayList<Use>();
        var use = USE.matcher(text);
        var end = 0;
        for (var start = text.indexOf("${{"); start >= 0; start = text.indexOf("${{", end)) {
            var at = scalar.place(start);
            if (!use.find(start) || use.start() != start) {
                throw at.error("'" + Node.Scalar.shown(text.substring(start))
                        + "' is no use of a name; write such as ${{ day }} or ${{ day:03 }}");
            }
            var name = use.group(1);
            if (!known.contains(name)) {
                throw at.error("'" + name + "' is not defined; "
                        + (known.isEmpty()
                                ? "name it in the task's matrix or foreach, or in settings"
                                : "known here: "
                                        + String.join(
                                                ", ", known.stream().sorted().toList())));
            }
            literals.add(text.substring(end, start));
            uses.add(new Use(at, name, use.group(2) == null ? 0 : Integer.parseInt(use.group(2))));
            end = use.end();
        }
        literals.add(text.substring(end));
        return new Template(scalar.at(), literals, uses);
    }

    /** The text with its names replaced; a list with a space between its items. */
    String text(Bindings bindings) {
        return uses.isEmpty() ? literals.get(0) : text(bindings, null, "");
    }

    /** Whether it becomes many in a list. */
    boolean usesList(Bindings bindings) {
        return uses.stream().anyMatch(use -> value(bindings, use).list());
    }

    /**
     * One text for each item of the list that is used in it, or one alone where none is; a fault if two lists are used.
     */
    List<String> texts(Bindings bindings) {
        Use list = null;
        for (var use : uses) {
            if (value(bindings, use).list()) {
                if (list != null && !list.name().equals(use.name())) {
                    throw use.at()
                            .error("two lists are used here, '" + list.name() + "' and '" + use.name()
                                    + "'; an entry becomes many by one list, so write two entries or a matrix");
                }
                list = use;
            }
        }
        if (list == null) {
            return List.of(text(bindings));
        }
        var texts = new ArrayList<String>();
        var length = 0L;
        for (var item : value(bindings, list).items()) {
            var text = text(bindings, list.name(), item);
            length += text.length();
            requireShort(list, length);
            texts.add(text);
        }
        return texts;
    }

    private String text(Bindings bindings, @Nullable String listed, String item) {
        var text = new StringBuilder(literals.get(0));
        for (var i = 0; i < uses.size(); i++) {
            var use = uses.get(i);
            text.append(padded(
                            use,
                            use.name().equals(listed)
                                    ? item
                                    : value(bindings, use).joined()))
                    .append(literals.get(i + 1));
            requireShort(use, text.length());
        }
        return text.toString();
    }

    private static void requireShort(Use use, long length) {
        if (length > LONGEST) {
            throw use.at()
                    .error("with '" + use.name() + "' this comes to more than " + LONGEST
                            + " characters; use a shorter list");
        }
    }

    private static Value value(Bindings bindings, Use use) {
        return Objects.requireNonNull(bindings.find(use.name()), use.name());
    }

    private static String padded(Use use, String text) {
        if (use.digits() == 0) {
            return text;
        }
        if (!WHOLE_NUMBER.matcher(text).matches()) {
            throw use.at()
                    .error("'" + Node.Scalar.shown(text) + "', the value of '" + use.name()
                            + "', is no whole number; leave ':0" + use.digits() + "' out");
        }
        var sign = text.startsWith("-") ? "-" : "";
        var digits = text.substring(sign.length());
        return sign + "0".repeat(Math.max(0, use.digits() - text.length())) + digits;
    }
}
