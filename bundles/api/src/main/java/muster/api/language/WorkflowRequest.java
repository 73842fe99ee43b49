package muster.api.language;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import muster.api.Secret;
import org.jspecify.annotations.Nullable;

/**
 * A script to run, with what it asked of its user so far.
 *
 * @param language its name; empty to tell it by the end of {@code file}
 * @param file the script's name
 * @param settings values that the user gave to names of the script
 * @param options of the language
 * @param files texts of further files, by the path that the script names them by
 * @param variables of the user's environment
 * @param undefined names that the user's environment does not have
 * @param contents what was uploaded of each file or folder that its tasks take, by the path that the plan names it by
 * @param name of the job; empty for the file's
 * @param cache whether what earlier jobs of the owner made is not made again
 * @param maxFails cancel the rest once more tasks than this have failed that may not; null for never
 * @param mayFail whether each of its tasks may fail, whatever the script says
 * @param secrets what all of its tasks get
 */
public record WorkflowRequest(
        String language,
        String file,
        String text,
        Map<String, String> settings,
        Map<String, String> options,
        Map<String, String> files,
        Map<String, String> variables,
        Set<String> undefined,
        Map<String, List<Content>> contents,
        String name,
        List<String> tags,
        int priority,
        boolean cache,
        @Nullable Integer maxFails,
        boolean mayFail,
        List<Secret> secrets) {
    public WorkflowRequest {
        settings = copy(settings);
        options = copy(options);
        files = copy(files);
        variables = copy(variables);
        undefined = Set.copyOf(undefined);
        contents = Map.copyOf(contents);
        tags = List.copyOf(tags);
        secrets = List.copyOf(secrets);
    }

    /** One without secrets, whose tasks may fail where the script says so. */
    public WorkflowRequest(
            String language,
            String file,
            String text,
            Map<String, String> settings,
            Map<String, String> options,
            Map<String, String> files,
            Map<String, String> variables,
            Set<String> undefined,
            Map<String, List<Content>> contents,
            String name,
            List<String> tags,
            int priority,
            boolean cache,
            @Nullable Integer maxFails) {
        this(
                language, file, text, settings, options, files, variables, undefined, contents, name, tags, priority,
                cache, maxFails, false, List.of());
    }

    /** The same, as it may be kept. */
    public WorkflowRequest withoutSecrets() {
        return new WorkflowRequest(
                language, file, text, settings, options, files, variables, undefined, contents, name, tags, priority,
                cache, maxFails, mayFail, List.of());
    }

    private static Map<String, String> copy(Map<String, String> map) {
        return Collections.unmodifiableMap(new TreeMap<>(map));
    }
}
