package muster.language.yaml;

import java.util.List;
import java.util.Map;
import muster.api.language.Place;
import org.jspecify.annotations.Nullable;

/**
 * A task as it is written; it becomes one for each combination.
 *
 * @param key its name in the script
 * @param name of each that it becomes; null for the key with the values
 * @param run for {@code /bin/sh}; null where {@code command} is given
 * @param streams by key: stdin, stdout, stderr
 * @param needs names of definitions, or of tasks that they become
 */
record Definition(
        Place at,
        String key,
        Combinations combinations,
        Said said,
        @Nullable Template name,
        @Nullable Template run,
        List<Template> command,
        Map<String, Template> streams,
        List<Template> needs,
        List<In> inputs,
        List<Out> outputs) {
    /**
     * What it takes.
     *
     * @param name where, in its workspace
     * @param from a file or folder of the script's, or a source as of a job's input
     */
    record In(@Nullable Template name, Template from, boolean executable) {}

    /** @param keep whether it comes back to the user; null to let the rest of the script decide */
    record Out(Template path, boolean optional, @Nullable Boolean keep) {}
}
