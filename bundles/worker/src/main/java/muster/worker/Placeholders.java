package muster.worker;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import muster.api.AttemptId;
import muster.api.Input;
import muster.api.Output;
import muster.api.TaskSpec;
import org.jspecify.annotations.Nullable;

/**
 * Fills in what stands for each task of an array: <code>{item}</code> in command, environment and paths, and in the paths
 * of standard input, output, error, inputs and outputs also {@code %j} job, {@code %t} task, {@code %i} index, {@code %n} name,
 * {@code %a} attempt and {@code %%} percent. Other text with {@code %} stays as it is.
 */
final class Placeholders {
    private static final String ITEM = "{item}";
    private static final Pattern PATTERN = Pattern.compile("\\{item}|%[jtina%]");

    private Placeholders() {}

    /** Whether anything is to fill in. */
    static boolean in(TaskSpec task, boolean items) {
        return hasPattern(task.stdin())
                || hasPattern(task.stdout())
                || hasPattern(task.stderr())
                || task.inputs().stream().anyMatch(input -> hasPattern(input.name()) || hasPattern(input.source()))
                || task.outputs().stream().anyMatch(output -> hasPattern(output.path()))
                || (items
                        && (task.command().stream().anyMatch(Placeholders::hasItem)
                                || task.environment().values().stream().anyMatch(Placeholders::hasItem)
                                || hasItem(task.workingDirectory())
                                || hasItem(task.stdin())
                                || hasItem(task.stdout())
                                || hasItem(task.stderr())
                                || task.inputs().stream()
                                        .anyMatch(input -> hasItem(input.name()) || hasItem(input.source()))
                                || task.outputs().stream().anyMatch(output -> hasItem(output.path()))));
    }

    /**
     * @param item null for an array without items, where <code>{item}</code> stays as it is
     * @throws muster.api.MusterException INVALID if the item makes the task invalid
     */
    static TaskSpec fill(TaskSpec task, AttemptId attempt, @Nullable String item) {
        UnaryOperator<String> withItem = text -> item == null ? text : text.replace(ITEM, item);
        UnaryOperator<String> path = text -> expand(text, task, attempt, item);
        return task.toBuilder()
                .command(
                        item == null
                                ? task.command()
                                : task.command().stream().map(withItem).toList())
                .environment(item == null ? task.environment() : values(task.environment(), withItem))
                .workingDirectory(map(task.workingDirectory(), withItem))
                .stdin(map(task.stdin(), path))
                .stdout(map(task.stdout(), path))
                .stderr(map(task.stderr(), path))
                .inputs(task.inputs().stream()
                        .map(input ->
                                new Input(path.apply(input.name()), path.apply(input.source()), input.executable()))
                        .toList())
                .outputs(task.outputs().stream()
                        .map(output -> new Output(path.apply(output.path()), output.optional(), output.keep()))
                        .toList())
                .build();
    }

    /** One pass, so that what is filled in is not itself searched for placeholders. */
    private static String expand(String text, TaskSpec task, AttemptId attempt, @Nullable String item) {
        return PATTERN.matcher(text)
                .replaceAll(match -> Matcher.quoteReplacement(
                        switch (match.group()) {
                            case "%j" -> attempt.task().job().toString();
                            case "%t" -> attempt.task().toString();
                            case "%i" -> Integer.toString(attempt.task().index());
                            case "%n" -> task.name();
                            case "%a" -> Integer.toString(attempt.number());
                            case "%%" -> "%";
                            default -> item == null ? ITEM : item;
                        }));
    }

    private static boolean hasItem(@Nullable String text) {
        return text != null && text.contains(ITEM);
    }

    private static boolean hasPattern(@Nullable String text) {
        return text != null && text.indexOf('%') >= 0;
    }

    private static @Nullable String map(@Nullable String text, UnaryOperator<String> change) {
        return text == null ? null : change.apply(text);
    }

    private static Map<String, String> values(Map<String, String> map, UnaryOperator<String> change) {
        var changed = new TreeMap<String, String>();
        map.forEach((key, value) -> changed.put(key, change.apply(value)));
        return changed;
    }
}
