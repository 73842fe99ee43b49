package muster.language.lsl.action;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.language.MissingSources;
import muster.api.study.Abstraction;
import muster.api.study.Action;
import muster.api.study.ActionType;
import muster.api.study.Outcome;
import muster.api.study.Settings;
import muster.api.study.Subject;
import org.osgi.service.component.annotations.Component;

/** Selects systems from a local catalogue: a folder, a list, a CSV or JSON file; into each abstraction that it declares. */
@Component(property = ActionType.NAME + "=Select")
public final class Select implements ActionType {
    private static final int LONGEST_ID = 500;

    /** What an id is. */
    static final String ID = "1 to " + LONGEST_ID + " printable characters";

    @Override
    public Set<String> settings() {
        return Set.of();
    }

    @Override
    public Set<String> abstractionSettings() {
        return Set.of("catalogue", "directory", "systems", "coordinates", "implementation", "where", "rows");
    }

    @Override
    public Outcome plan(Action action) {
        if (action.declared().isEmpty()) {
            throw action.at()
                    .error("the action '" + action.name()
                            + "' selects nothing; write abstraction('name') { catalogue 'systems.csv' }");
        }
        var abstractions = new ArrayList<Abstraction>();
        action.declared().forEach((name, settings) -> {
            var rows = settings.number("rows").orElse(Long.MAX_VALUE);
            abstractions.add(new Abstraction(
                    name,
                    systems(action, settings).values().stream()
                            .filter(system -> settings.of(system).flag("where").orElse(true))
                            .limit(Math.max(0, rows))
                            .toList()));
        });
        return new Outcome(List.of(), abstractions, action.needs(), List.of());
    }

    private static Map<String, Subject> systems(Action action, Settings settings) {
        var selected = new LinkedHashMap<String, Subject>();
        settings.texts("catalogue").forEach(path -> catalogue(action, settings, "catalogue", path, selected));
        settings.texts("directory").forEach(path -> directory(action, settings, "directory", path, selected));
        settings.texts("systems").forEach(id -> add(settings, "systems", id, Map.of(), selected));
        settings.texts("coordinates").forEach(id -> add(settings, "coordinates", id, maven(settings, id), selected));
        settings.values("implementation").forEach(value -> implementation(settings, value, selected));
        var named = List.of("catalogue", "directory", "systems", "coordinates", "implementation").stream()
                .anyMatch(settings::has);
        if (!named) {
            var source = action.dataSource()
                    .orElseThrow(() -> settings.fault(
                            "", "it names no catalogue, and the script no dataSource; write catalogue 'systems.csv'"));
            if (source.endsWith(".csv") || source.endsWith(".json")) {
                catalogue(action, settings, "", source, selected);
            } else {
                directory(action, settings, "", source, selected);
            }
        }
        return selected;
    }

    static boolean isId(String text) {
        return !text.isBlank() && text.length() <= LONGEST_ID && text.chars().noneMatch(Character::isISOControl);
    }

    private static void add(
            Settings settings, String setting, String id, Map<String, Object> fields, Map<String, Subject> selected) {
        if (!isId(id)) {
            throw settings.fault(setting, "'" + id + "' is no id of a system; expected " + ID);
        }
        if (selected.put(id, new Subject(id, fields, List.of(), List.of())) != null) {
            throw settings.fault(
                    setting, "there are two systems '" + id + "'; an id must be unique in its abstraction");
        }
    }

    private static void catalogue(
            Action action, Settings settings, String setting, String path, Map<String, Subject> selected) {
        var text = action.sources().file(path(settings, setting, path));
        // about as many fields as a catalogue of that length has, before it is read
        action.count(text.length() >> 4);
        var rows = path.endsWith(".json") ? Catalogue.json(path, text) : Catalogue.csv(path, text);
        for (var row : rows) {
            action.count(1L + row.size());
            var id = row.containsKey("id")
                    ? row.get("id")
                    : row.isEmpty() ? null : row.values().iterator().next();
            if (id == null) {
                throw settings.fault(setting, "'" + path + "' has a system without an id; add a field 'id'");
            }
            add(settings, setting, String.valueOf(id), row, selected);
        }
    }

    private static void directory(
            Action action, Settings settings, String setting, String path, Map<String, Subject> selected) {
        path(settings, setting, path);
        var place = Files.literal(path);
        var files = action.sources().inputs(path, place);
        if (files.isEmpty()) {
            throw new MissingSources(Set.of(), Set.of(), Set.of(path));
        }
        action.count(3L * files.size());
        for (var file : files) {
            if (!file.name().startsWith(place + "/")) {
                throw settings.fault(
                        setting, "'" + path + "' is a file; a catalogue that is one is named .csv or .json");
            }
            var id = file.name().substring(place.length() + 1);
            add(
                    settings,
                    setting,
                    id,
                    Map.of("path", path + "/" + id, "name", id.substring(id.lastIndexOf('/') + 1)),
                    selected);
            selected.computeIfPresent(
                    id,
                    (key, system) -> new Subject(
                            id, system.fields(), List.of(new Subject.Product(action.name(), id, file)), List.of()));
        }
    }

    private static String path(Settings settings, String setting, String path) {
        return settings.place(setting).locate(() -> Names.requirePath("catalogue", path));
    }

    private static Map<String, Object> maven(Settings settings, String coordinates) {
        var parts = coordinates.split(":", -1);
        if (parts.length < 3 || parts.length > 5 || List.of(parts).contains("")) {
            throw settings.fault(
                    "coordinates",
                    "'" + coordinates
                            + "' are no coordinates; write group:artifact:version, such as commons-codec:commons-codec:1.15");
        }
        return Map.of("groupId", parts[0], "artifactId", parts[1], "version", parts[2]);
    }

    /** As LASSO has them: an id, the name of a class, and the coordinates of what has it, which a class of Java lacks. */
    private static void implementation(Settings settings, Object value, Map<String, Subject> selected) {
        if (!(value instanceof List<?> parts)
                || parts.size() < 2
                || parts.size() > 3
                || !parts.stream().allMatch(String.class::isInstance)) {
            throw wrongImplementation(settings);
        }
        var fields = new LinkedHashMap<String, Object>();
        fields.put("className", String.valueOf(parts.get(1)));
        if (parts.size() == 3) {
            fields.put("coordinates", String.valueOf(parts.get(2)));
        }
        add(settings, "implementation", String.valueOf(parts.get(0)), fields, selected);
    }

    private static MusterException wrongImplementation(Settings settings) {
        return settings.fault(
                "implementation",
                "'implementation' expects texts: an id, a class and coordinates, such as"
                        + " implementation('1', 'org.apache.commons.codec.binary.Base64', 'commons-codec:commons-codec:1.15')");
    }
}
