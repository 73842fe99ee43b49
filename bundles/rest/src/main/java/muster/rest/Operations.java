package muster.rest;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** The operations that the OpenAPI document names. */
final class Operations {
    private static final String ROOT = "/api/v1";
    private static final List<Operation> ALL = all();

    private Operations() {}

    private record Operation(String id, String method, Pattern path) {}

    /**
     * One that is asked for.
     *
     * @param thing what its path names; empty if it names nothing
     */
    record Asked(String id, String thing) {}

    private static List<Operation> all() {
        var all = new ArrayList<Operation>();
        Documents.operations().properties().forEach(path -> {
            var pattern = Pattern.compile(path.getKey().replaceAll("\\{[^}]+}", "([^/]+)"));
            path.getValue()
                    .properties()
                    .forEach(method -> all.add(new Operation(
                            method.getValue().path("operationId").asText(),
                            method.getKey().toUpperCase(Locale.ROOT),
                            pattern)));
        });
        return List.copyOf(all);
    }

    /** Empty for what is no operation. */
    static Optional<Asked> find(String method, String path) {
        var full = path.startsWith(ROOT) ? path : ROOT + path;
        for (var operation : ALL) {
            var matcher = operation.path.matcher(full);
            if (operation.method.equals(method) && matcher.matches()) {
                return Optional.of(new Asked(operation.id, matcher.groupCount() == 0 ? "" : matcher.group(1)));
            }
        }
        return Optional.empty();
    }
}
