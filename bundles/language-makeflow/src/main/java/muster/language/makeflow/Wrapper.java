package muster.language.makeflow;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import muster.api.language.Place;
import muster.language.makeflow.Rule.FileUse;

/**
 * A command around that of every rule, and the files that it reads and makes beside those of the rule. As Makeflow's manual
 * has it: {@code {}} is the rule's command, {@code []} that command quoted, {@code %%} the number of the rule.
 *
 * @param command empty for none
 * @param inputs paths from the first workflow's folder; {@code a->b} renames
 * @param outputs likewise
 */
record Wrapper(String command, List<String> inputs, List<String> outputs) {
    /** Option: the command. */
    static final String COMMAND = "wrapper";

    /** Option: the files that it reads, one a line. */
    static final String INPUTS = "wrapper-input";

    /** Option: the files that it makes, one a line. */
    static final String OUTPUTS = "wrapper-output";

    static Wrapper of(Map<String, String> options) {
        return new Wrapper(options.getOrDefault(COMMAND, ""), lines(options, INPUTS), lines(options, OUTPUTS));
    }

    private static List<String> lines(Map<String, String> options, String option) {
        return options.getOrDefault(option, "")
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
    }

    /** @param number of the rule, from 0 */
    Rule around(Rule rule, int number) {
        return new Rule(
                rule.at(),
                rule.folder(),
                with(rule.targets(), rule, outputs, number),
                with(rule.sources(), rule, inputs, number),
                command(rule.command(), number),
                rule.local(),
                rule.category(),
                rule.needs(),
                rule.environment());
    }

    private static List<FileUse> with(List<FileUse> files, Rule rule, List<String> more, int number) {
        if (more.isEmpty()) {
            return files;
        }
        var all = new ArrayList<>(files);
        more.forEach(file -> all.add(file(rule.at(), rule.folder(), numbered(file, number))));
        return all;
    }

    /** It lies in the folder of the first workflow; the command sees it where it runs. */
    private static FileUse file(Place at, String folder, String text) {
        var arrow = text.indexOf("->");
        var path = arrow < 0 ? text : text.substring(0, arrow);
        var name = arrow < 0 ? text : text.substring(arrow + 2);
        return new FileUse(at, Paths.resolve(at, "", path), name, Paths.resolve(at, folder, name));
    }

    private String command(String inner, int number) {
        if (command.isEmpty()) {
            return inner;
        }
        var outer = numbered(command, number);
        if (outer.contains("{}")) {
            return outer.replace("{}", inner);
        }
        var quoted = MakeflowLanguage.quoted(inner);
        return outer.contains("[]") ? outer.replace("[]", quoted) : outer + " /bin/sh -c " + quoted;
    }

    private static String numbered(String text, int number) {
        return text.replace("%%", Integer.toString(number));
    }
}
