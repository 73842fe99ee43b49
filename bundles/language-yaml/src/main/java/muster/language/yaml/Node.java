package muster.language.yaml;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/** A value of a YAML document, with its place. */
sealed interface Node {
    Place at();

    /** Its kind in words, for messages. */
    String kind();

    /** Nothing: a key without a value, or {@code null} written out. */
    default boolean absent() {
        return this instanceof Scalar scalar
                && scalar.plain()
                && Scalar.NOTHING.matcher(scalar.text()).matches();
    }

    /**
     * One value.
     *
     * @param plain whether it stands without quotes, so that it may be a number, a boolean or nothing
     * @param first where its first character is, if each further one of its line is one column further; null if a character's
     *     place cannot be told so
     */
    record Scalar(
            Place at, String text, boolean plain, @Nullable Place first) implements Node {
        private static final Pattern NOTHING = Pattern.compile("|~|null|Null|NULL");
        private static final int LONGEST_SHOWN = 60;

        @Override
        public String kind() {
            return absent() ? "nothing" : "'" + shown(text) + "'";
        }

        /** Where the character at an offset of the text is. */
        Place place(int offset) {
            if (first == null) {
                return at;
            }
            var lines = (int)
                    text.substring(0, offset).chars().filter(c -> c == '\n').count();
            return new Place(
                    first.file(),
                    first.line() + lines,
                    first.column() + offset - text.lastIndexOf('\n', offset - 1) - 1);
        }

        static String shown(String text) {
            return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "…";
        }
    }

    /** A list. */
    record Sequence(Place at, List<Node> items) implements Node {
        public Sequence {
            items = List.copyOf(items);
        }

        @Override
        public String kind() {
            return "a list";
        }
    }

    /** A map; its keys are in the order of the script. */
    record Mapping(Place at, Map<String, Entry> entries) implements Node {
        public Mapping {
            entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
        }

        @Override
        public String kind() {
            return "a map";
        }
    }

    /** @param key as it stands */
    record Entry(Scalar key, Node value) {}
}
