package muster.api;

import java.util.regex.Pattern;

/**
 * A file that is put into a task's workspace before it starts.
 *
 * @param name where, relative to the workspace; for a {@code task:} source that is a folder, the folder
 * @param source what: {@code sha256:…} for content that was uploaded; {@code task:NAME/PATH} for an output of another
 *     task of the same graph, {@code task:17.3/PATH} for one of an earlier job, the name of a folder is all below
 *     it; {@code https://…} or {@code http://…}; {@code file:/…} for a path that is the same on every worker, which is
 *     linked, not copied
 * @param executable whether the file may be run
 */
public record Input(String name, String source, boolean executable) {
    /** Begins the source that an upload gave its name. */
    public static final String CONTENT = "sha256:";

    /** Begins the source that a task made. */
    public static final String TASK = "task:";

    /** Begins the source that is on storage which all workers share. */
    public static final String SHARED = "file:";

    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern OUTPUT_OF_TASK =
            Pattern.compile("task:([A-Za-z_][A-Za-z0-9_.-]{0,127}|[0-9]+\\.[0-9]+)/(.+)");

    public Input {
        Names.requirePath("input", name);
        var right =
                switch (scheme(source)) {
                    case CONTENT ->
                        DIGEST.matcher(source.substring(CONTENT.length())).matches();
                    case TASK -> OUTPUT_OF_TASK.matcher(source).matches();
                    case SHARED -> source.startsWith("file:/");
                    case "http:", "https:" -> source.indexOf("://") > 0;
                    default -> false;
                };
        if (!right || source.chars().anyMatch(Character::isISOControl)) {
            throw MusterException.invalid("input '" + name + "' has the source '" + Names.escape(source)
                    + "'; write sha256:…, task:NAME/PATH, https://… or file:/PATH");
        }
        if (source.startsWith(TASK)) {
            var path = path(source);
            Names.requirePath("output", path.endsWith("/") ? path.substring(0, path.length() - 1) : path);
        }
    }

    private static String scheme(String source) {
        return source.substring(0, source.indexOf(':') + 1);
    }

    private static String path(String source) {
        return source.substring(source.indexOf('/') + 1);
    }

    /** The task of the same graph whose output it is; empty if it is another's, or none. */
    public String need() {
        var of = of();
        return of.isEmpty() || Character.isDigit(of.charAt(0)) ? "" : of;
    }

    /** The name or id of the task whose output it is; empty if it is none. */
    public String of() {
        return source.startsWith(TASK) ? source.substring(TASK.length(), source.indexOf('/')) : "";
    }

    /** Which output of that task: a file, or all below a folder; one that ends with {@code /} can be no file. */
    public String path() {
        return source.startsWith(TASK) ? path(source) : "";
    }
}
