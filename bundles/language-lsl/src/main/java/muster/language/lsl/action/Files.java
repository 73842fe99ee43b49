package muster.language.lsl.action;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import muster.api.Input;
import muster.api.Names;
import muster.api.study.Action;
import muster.api.study.Settings;
import muster.api.study.Subject;
import muster.language.lsl.AntPattern;

/** What tasks of actions take into their workspaces. */
final class Files {
    static final String TAKES = "takes";

    private Files() {}

    /** With nothing in it that stands for something else: percent signs begin placeholders. */
    static String literal(String path) {
        return path.replace("%", "%%");
    }

    /** Of a system's files and what was made of it, what the setting {@value #TAKES} names; all if it is not set. */
    static List<Subject.Product> taken(Action action, Settings settings, List<Subject.Product> products) {
        if (!settings.has(TAKES)) {
            return products;
        }
        var texts = settings.texts(TAKES);
        action.count((long) texts.size() * products.size());
        if (texts.stream().anyMatch(text -> text.length() > AntPattern.LONGEST)) {
            throw settings.fault(TAKES, "a pattern has more than " + AntPattern.LONGEST + " characters");
        }
        var patterns = texts.stream().map(AntPattern::new).toList();
        return products.stream()
                .filter(product -> patterns.stream()
                        .anyMatch(pattern ->
                                pattern.matches(product.input().name()) || pattern.matches(product.output())))
                .toList();
    }

    /** Of that, what was made. */
    static List<Subject.Product> made(Action action, Settings settings, Subject system) {
        return taken(action, settings, system.products()).stream()
                .filter(product -> product.input().source().startsWith(Input.TASK))
                .toList();
    }

    /** The user's files that the setting {@code inputs} names: paths, or a map of places to paths, which may be absolute. */
    static List<Input> ofUser(Action action, Settings settings) {
        Map<String, String> paths = new LinkedHashMap<>();
        if (settings.value("inputs").orElse(null) instanceof Map) {
            paths.putAll(settings.textsByName("inputs"));
        } else {
            settings.texts("inputs").forEach(path -> paths.put(path, path));
        }
        var inputs = new ArrayList<Input>();
        paths.forEach((name, path) -> inputs.addAll(settings.place("inputs").locate(() -> {
            Names.requirePath("input", name);
            Names.requirePath("input", path.startsWith("/") ? path.substring(1) : path);
            return action.sources().inputs(path, literal(name));
        })));
        return inputs;
    }
}
