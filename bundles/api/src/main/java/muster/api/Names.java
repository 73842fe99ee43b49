package muster.api;

import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The rules for names that users give. */
public final class Names {
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]{0,127}");
    private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.=/:-]{0,127}");
    private static final Pattern WORKER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}");
    private static final Pattern OWNER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}");

    private Names() {}

    /** A letter or underscore, then up to 127 letters, digits, {@code . _ -}. */
    public static String requireName(String what, String name) {
        return require(NAME, what, name, "a letter, then up to 127 letters, digits, '.', '_' or '-'");
    }

    /** Such as {@code ssd} or {@code zone=eu}. */
    public static String requireLabel(String label) {
        return require(LABEL, "label", label, "letters, digits and . _ - = / : such as ssd or zone=eu");
    }

    /** A worker's id: up to 64 letters, digits, {@code . _ -}. */
    public static String requireWorker(String id) {
        return require(
                WORKER, "worker id", id, "up to 64 letters, digits, '.', '_' or '-', the first a letter or digit");
    }

    /** Whether it is what {@link #requireOwner} lets through. */
    public static boolean isOwner(String owner) {
        return OWNER.matcher(owner).matches();
    }

    /** Who owns a token and its jobs: up to 64 letters, digits, {@code . _ @ -}. */
    public static String requireOwner(String owner) {
        return require(
                OWNER, "owner", owner, "up to 64 letters, digits, '.', '_', '@' or '-', the first a letter or digit");
    }

    /** A path below a workspace: relative, at most 1024 characters, without empty parts, {@code .} and {@code ..}. */
    public static String requirePath(String what, String path) {
        var wrong = path.isEmpty()
                || path.length() > 1024
                || path.chars().anyMatch(Character::isISOControl)
                || Stream.of(path.split("/", -1))
                        .anyMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
        if (wrong) {
            throw MusterException.invalid(
                    what + " '" + escape(path)
                            + "' is not a path below the workspace; write such as data/in.txt, without '..' or '/' at its ends");
        }
        return path;
    }

    private static String require(Pattern pattern, String what, String value, String rule) {
        if (!pattern.matcher(value).matches()) {
            throw MusterException.invalid(what + " '" + escape(value) + "' is not allowed; use " + rule);
        }
        return value;
    }

    /** A constant as users read and write it: {@code time_limit}. */
    public static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** Foreign text made safe for one line of a log or a terminal: control characters become {@code \\uXXXX}. */
    public static String escape(String text) {
        if (text.chars().noneMatch(Character::isISOControl)) {
            return text;
        }
        var out = new StringBuilder(text.length() + 16);
        text.chars().forEach(c -> {
            if (Character.isISOControl(c)) {
                out.append(String.format("\\u%04x", c));
            } else {
                out.append((char) c);
            }
        });
        return out.toString();
    }
}
