package muster.language.makeflow;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import muster.api.Input;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Output;
import muster.api.Parameters;
import muster.api.Resources;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.api.language.Language;
import muster.api.language.Plan;
import muster.api.language.Script;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;

/**
 * Makeflow, classic and JX. Each rule becomes a task. It gets its sources into a workspace and its targets are taken out of
 * it, or else it runs in the workflow's folder, which every worker sees under the same path: option {@value #SHARED_FOLDER}.
 * A rule that does not make its targets fails.
 */
@Component(property = Language.NAME + "=" + MakeflowLanguage.NAME_HERE)
public final class MakeflowLanguage implements Language {
    static final String NAME_HERE = "makeflow";

    /** Option: the workflow's folder on the workers, absolute; without it files are moved. */
    static final String SHARED_FOLDER = "shared-dir";

    /** Option: the executor that runs the rules, instead of {@code native}. */
    static final String EXECUTOR = "executor";

    /** Option: the image, for an executor of containers. */
    static final String IMAGE = "image";

    /** A SIF or an archive, below the workflow's folder. */
    private static final Pattern IMAGE_FILE = Pattern.compile("[^/.:][^:]*\\.(sif|simg|img|tar|tar\\.gz|tgz)");

    /** Option: how often a failed rule is tried again. */
    static final String RETRIES = "retries";

    /** Option, {@code true} or {@code false}: whether only what the workflow is run for comes back, not all targets. */
    static final String OUTPUTS_ONLY = "outputs-only";

    private static final Pattern NOT_OF_A_NAME = Pattern.compile("[^A-Za-z0-9_.-]");

    private static final Set<String> OPTIONS = Set.of(
            SHARED_FOLDER,
            EXECUTOR,
            IMAGE,
            Wrapper.COMMAND,
            Wrapper.INPUTS,
            Wrapper.OUTPUTS,
            Mounts.OPTION,
            RETRIES,
            OUTPUTS_ONLY);

    /** Runs $1 in a shell, then looks for the files that the other arguments name; their folders are made before. */
    private static final String RUN_RULE = "command=$1; shift;"
            + " for made; do case $made in */*) mkdir -p -- \"${made%/*}\" || exit;; esac; done;"
            + " /bin/sh -c \"$command\" || exit;"
            + " for made; do [ -e \"$made\" ] ||"
            + " { printf '%s\\n' \"muster: the rule ended well but did not make '$made'\" >&2; exit 66; }; done";

    @Override
    public List<String> suffixes() {
        return List.of(".makeflow", ".mf", "Makeflow", ".jx");
    }

    /** Whether a script is in JX: by its name, else since a document begins with a brace. */
    static boolean isJx(String file, String text) {
        if (file.endsWith(".jx") || file.endsWith(".json")) {
            return true;
        }
        return Line.of(file, text).stream()
                .filter(line -> !line.blank())
                .findFirst()
                .map(line -> line.text().stripLeading().startsWith("{"))
                .orElse(false);
    }

    @Override
    public Plan compile(Script script) {
        for (var option : script.options().keySet()) {
            if (!OPTIONS.contains(option)) {
                throw MusterException.invalid("Makeflow has no option '" + Names.escape(option) + "'; known are "
                        + String.join(", ", OPTIONS.stream().sorted().toList()));
            }
        }
        var folder = script.options().get(SHARED_FOLDER);
        if (folder != null && !folder.startsWith("/")) {
            throw MusterException.invalid("shared-dir '" + Names.escape(folder)
                    + "' is not absolute; give the path of the workflow's folder as the workers see it");
        }
        var retries = retries(script.options());
        Names.requireName("executor", script.options().getOrDefault(EXECUTOR, TaskSpec.DEFAULT_EXECUTOR));
        var scripts = new Scripts(script.sources(), Wrapper.of(script.options()));
        var mounts = Mounts.of(script.options());
        var workflow = isJx(script.file(), script.text())
                ? JxReader.read(script.file(), script.text(), script.settings(), scripts)
                : ClassicReader.read(script.file(), script.text(), script.settings(), scripts);
        mounts.requireNoneMade(workflow.makers());
        var names = names(workflow.rules());
        var delivered = deliveries(workflow, names, script.options());
        var image = folder == null ? imageFile(script.options()) : null;
        var files = folder == null
                ? new RuleFiles(workflow, names, script.sources(), mounts, delivered.keySet(), image)
                : null;
        var tasks = new ArrayList<TaskSpec>();
        var categories = new TreeMap<String, Integer>();
        for (var i = 0; i < names.size(); i++) {
            categories.merge(workflow.rules().get(i).category(), 1, Integer::sum);
            tasks.add(task(script.options(), retries, folder, workflow, i, names, files));
        }
        var inputs = new LinkedHashSet<String>();
        workflow.inputs().stream()
                .map(mounts::place)
                .filter(place -> !Mounts.isAddress(place))
                .forEach(inputs::add);
        if (image != null) {
            inputs.add(image);
        }
        return new Plan(new Work.Graph(tasks), List.copyOf(inputs), List.copyOf(delivered.values()), categories);
    }

    /** An image that is a file of the user's own, which every rule takes into its workspace; null if it is none. */
    private static @Nullable String imageFile(Map<String, String> options) {
        var image = options.get(IMAGE);
        return image != null && IMAGE_FILE.matcher(image).matches() ? image : null;
    }

    /** What comes back to the user, by path. */
    private static Map<String, Plan.Delivery> deliveries(
            Workflow workflow, List<String> names, Map<String, String> options) {
        var all = !Boolean.parseBoolean(options.get(OUTPUTS_ONLY));
        var delivered = new LinkedHashMap<String, Plan.Delivery>();
        for (var i = 0; i < names.size(); i++) {
            for (var target : workflow.rules().get(i).targets()) {
                if (all || workflow.outputs().contains(target.path())) {
                    delivered.put(target.path(), new Plan.Delivery(target.path(), names.get(i), target.place()));
                }
            }
        }
        return delivered;
    }

    private static TaskSpec task(
            Map<String, String> options,
            int retries,
            @Nullable String folder,
            Workflow workflow,
            int number,
            List<String> names,
            @Nullable RuleFiles files) {
        var rule = workflow.rules().get(number);
        var name = names.get(number);
        var image = options.get(IMAGE);
        var words = folder == null ? inWorkspace(rule) : inSharedFolder(rule, name);
        var inputs = files == null ? List.<Input>of() : files.inputs(number);
        var outputs = files == null ? List.<Output>of() : files.outputs(number);
        return rule.at().locate(() -> TaskSpec.builder()
                .name(name)
                .executor(options.getOrDefault(EXECUTOR, TaskSpec.DEFAULT_EXECUTOR))
                .command(words)
                .parameters(image == null ? Parameters.NONE : new Parameters(Map.of(IMAGE, image)))
                .environment(rule.environment())
                .workingDirectory(folder == null || rule.folder().isEmpty() ? folder : folder + "/" + rule.folder())
                .resources(resources(rule.needs()))
                .timeLimit(rule.needs().wallTime())
                .retries(retries)
                .needs(workflow.needs(number).stream().map(names::get).toList())
                .inputs(inputs)
                .outputs(outputs)
                .category(rule.category())
                .build());
    }

    /** The command, once the folders of its targets, and the one that it runs in, are there. */
    private static List<String> inWorkspace(Rule rule) {
        var folders = new TreeSet<String>();
        if (!rule.folder().isEmpty()) {
            folders.add(rule.folder());
        }
        for (var target : rule.targets()) {
            var slash = target.place().lastIndexOf('/');
            if (slash > 0) {
                folders.add(target.place().substring(0, slash));
            }
        }
        var before = new StringBuilder();
        if (!folders.isEmpty()) {
            before.append("mkdir -p --");
            folders.forEach(made -> before.append(' ').append(quoted(made)));
            before.append(" || exit; ");
        }
        if (!rule.folder().isEmpty()) {
            before.append("cd -- ").append(quoted(rule.folder())).append(" || exit; ");
        }
        return List.of("/bin/sh", "-c", before + rule.command());
    }

    private static List<String> inSharedFolder(Rule rule, String name) {
        for (var files : List.of(rule.targets(), rule.sources())) {
            for (var file : files) {
                if (file.renamed()) {
                    throw file.at()
                            .error("'" + file.path() + "' is renamed to '" + file.name()
                                    + "', which a shared folder does not allow; leave out --shared-dir");
                }
            }
        }
        var words = new ArrayList<>(List.of("/bin/sh", "-c", RUN_RULE, name, rule.command()));
        rule.targets().forEach(target -> words.add(target.name()));
        return words;
    }

    private static int retries(Map<String, String> options) {
        var text = options.getOrDefault(RETRIES, "0");
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw MusterException.invalid("retries '" + Names.escape(text) + "' is no number; write such as 2");
        }
    }

    static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }

    private static Resources resources(Needs needs) {
        var cores = needs.cores();
        var memory = needs.memory();
        var disk = needs.disk();
        var gpus = needs.gpus();
        return new Resources(
                cores == null ? 1 : cores,
                memory == null ? 0 : memory,
                disk == null ? 0 : disk,
                gpus == null ? 0 : gpus,
                Map.of(),
                List.of());
    }

    private static boolean beginsAName(char c) {
        return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    }

    /** A task is named for the first file it makes, as far as names allow; with a number where that is taken. */
    private static List<String> names(List<Rule> rules) {
        var names = new ArrayList<String>();
        var taken = new HashMap<String, Integer>();
        for (var rule : rules) {
            var target = NOT_OF_A_NAME.matcher(rule.targets().get(0).path()).replaceAll("_");
            var shortened = target.substring(Math.max(0, target.length() - 100));
            var plain = beginsAName(shortened.charAt(0)) ? shortened : "_" + shortened;
            var unique = plain;
            while (taken.putIfAbsent(unique, 1) != null) {
                unique = plain + "-" + taken.merge(plain, 1, Integer::sum);
            }
            names.add(unique);
        }
        return names;
    }
}
