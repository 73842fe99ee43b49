package muster.language.makeflow;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/**
 * A command that makes files from files.
 *
 * @param folder where it runs, relative to the workflow's; empty for that one
 * @param targets files that it makes; at least one
 * @param sources files that it reads
 * @param command for {@code /bin/sh}
 * @param local whether its author would run it beside the manager: a hint
 * @param category rules of one category are alike
 */
record Rule(
        Place at,
        String folder,
        List<FileUse> targets,
        List<FileUse> sources,
        String command,
        boolean local,
        String category,
        Needs needs,
        Map<String, String> environment) {
    Rule {
        targets = List.copyOf(targets);
        sources = List.copyOf(sources);
        environment = Collections.unmodifiableMap(new TreeMap<>(environment));
    }

    /**
     * A file as the workflow and as the command call it.
     *
     * @param path relative to the workflow's folder, normal; or absolute
     * @param name relative to the rule's folder, or absolute
     * @param place what {@code name} comes to, as {@code path} is written
     */
    record FileUse(Place at, String path, String name, String place) {
        /**
         * A file as a workflow writes it.
         *
         * @param folder of the workflow
         * @param other what the command calls it; null for the same
         */
        static FileUse of(Place at, String folder, String path, @Nullable String other) {
            var resolved = Paths.resolve(at, folder, path);
            if (other == null) {
                return new FileUse(at, resolved, path, resolved);
            }
            if (other.startsWith("/")) {
                throw at.error("'" + path + "' is renamed to '" + other + "', which is absolute; use a relative path");
            }
            return new FileUse(at, resolved, other, Paths.resolve(at, folder, other));
        }

        /** Whether the command calls it by another name than its own. */
        boolean renamed() {
            return !place.equals(path);
        }

        /** Whether it is on the machine that runs the rule, and is not moved. */
        boolean fixed() {
            return place.startsWith("/");
        }
    }
}
