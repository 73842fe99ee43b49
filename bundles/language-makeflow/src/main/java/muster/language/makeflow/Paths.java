package muster.language.makeflow;

import java.util.ArrayDeque;
import muster.api.language.Place;

/** Paths as a workflow writes them, made normal without a look at any disk. */
final class Paths {
    private static final int LONGEST = 1024;

    private Paths() {}

    /**
     * The path of a file named in a workflow.
     *
     * @param folder of the workflow that names it, relative to the first one; empty for that one
     * @return relative to the first workflow's folder and within it, or absolute
     */
    static String resolve(Place at, String folder, String path) {
        if (path.isEmpty() || path.length() > LONGEST || path.chars().anyMatch(Character::isISOControl)) {
            throw at.error("'" + path + "' is no path; expected 1 to " + LONGEST + " printable characters");
        }
        var absolute = path.startsWith("/");
        var parts = new ArrayDeque<String>();
        for (var part : (folder.isEmpty() || absolute ? path : folder + "/" + path).split("/", -1)) {
            if (part.equals("..")) {
                if (parts.pollLast() == null) {
                    throw at.error("'" + path
                            + "' leaves the folder of the workflow; use a path within it, or an absolute" + " one");
                }
            } else if (!part.isEmpty() && !part.equals(".")) {
                parts.add(part);
            }
        }
        if (parts.isEmpty()) {
            throw at.error("'" + path + "' is the workflow's folder itself, or the root; name what is in it");
        }
        var resolved = (absolute ? "/" : "") + String.join("/", parts);
        if (resolved.length() > LONGEST) {
            throw at.error("'" + path + "' is longer than " + LONGEST + " characters as a whole; use shorter names");
        }
        return resolved;
    }
}
