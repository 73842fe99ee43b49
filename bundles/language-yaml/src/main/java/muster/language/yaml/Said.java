package muster.language.yaml;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a task, or the defaults of all, say of how it runs. What is not said is not there.
 *
 * @param texts by key: executor, image, warm, workingDirectory, timeLimit, retries, mayFail, category
 * @param parameters for the executor
 * @param amounts of resources by key: cores, memory, disk, gpus
 * @param custom amounts of resources that operators named
 */
record Said(
        Map<String, Template> texts,
        Map<String, Function<Bindings, Object>> parameters,
        Map<String, Template> environment,
        Map<String, Template> amounts,
        Map<String, Template> custom,
        @Nullable List<Template> labels) {
    static final Said NOTHING = new Said(Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), null);

    /** What {@code this} does not say is as in {@code other}, key by key. */
    Said or(Said other) {
        return new Said(
                merged(other.texts, texts),
                merged(other.parameters, parameters),
                merged(other.environment, environment),
                merged(other.amounts, amounts),
                merged(other.custom, custom),
                labels != null ? labels : other.labels);
    }

    private static <T> Map<String, T> merged(Map<String, T> below, Map<String, T> above) {
        var all = new LinkedHashMap<>(below);
        all.putAll(above);
        return all;
    }
}
