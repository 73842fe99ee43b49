package muster.language.makeflow;

import java.util.HashMap;
import java.util.Map;
import muster.api.MusterException;
import muster.api.language.Place;

/**
 * Where files of a workflow really are: Makeflow's mount file.
 *
 * @param places by path in the workflow's folder: a URL, or a path of the user's, relative to that folder or absolute
 */
record Mounts(Map<String, String> places) {
    /** Option: the text of a mount file, each line of which has a path and its place. */
    static final String OPTION = "mounts";

    static Mounts of(Map<String, String> options) {
        var places = new HashMap<String, String>();
        for (var line : Line.of(OPTION, options.getOrDefault(OPTION, ""))) {
            if (!line.blank()) {
                read(line, places);
            }
        }
        if (!places.isEmpty() && options.containsKey(MakeflowLanguage.SHARED_FOLDER)) {
            throw MusterException.invalid(
                    "with a shared folder no file is moved, so that none can be mounted; leave out"
                            + " --mounts or --shared-dir");
        }
        return new Mounts(Map.copyOf(places));
    }

    private static void read(Line line, Map<String, String> places) {
        var at = line.at(line.skipBlank(0));
        var words = line.text().strip().split("\\s+");
        if (words.length != 2) {
            throw at.error("expected a path of the workflow and its place, such as 'ref.db /data/ref.db'");
        }
        if (words[0].startsWith("/")) {
            throw at.error("'" + words[0] + "' is absolute; expected a path in the workflow's folder");
        }
        if (places.putIfAbsent(Paths.resolve(at, "", words[0]), words[1]) != null) {
            throw at.error("'" + words[0] + "' has a place before; remove one");
        }
    }

    /** Fails if a rule makes what is mounted. */
    void requireNoneMade(Map<String, Integer> makers) {
        for (var path : places.keySet()) {
            if (makers.containsKey(path)) {
                throw new Place(OPTION, 1, 1).error("'" + path + "' is made by a rule; mount only what none makes");
            }
        }
    }

    /** Where a file that no rule makes is. */
    String place(String path) {
        return places.getOrDefault(path, path);
    }

    /** Whether that is an address, from which workers fetch it. */
    static boolean isAddress(String place) {
        return place.startsWith("http://") || place.startsWith("https://");
    }
}
