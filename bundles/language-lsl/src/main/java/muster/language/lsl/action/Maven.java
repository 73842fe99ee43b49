package muster.language.lsl.action;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import muster.api.Names;
import muster.api.Parameters;
import muster.api.TaskSpec;
import muster.api.study.Action;
import muster.api.study.ActionType;
import muster.api.study.Outcome;
import muster.api.study.Settings;
import org.osgi.service.component.annotations.Component;

/**
 * Builds or tests a project of Maven: in containers of its profile's image, else with the worker's own Maven. Which tests ran
 * and how they ended is a record, {@value #TESTS}; a test that fails does not fail the task, a build that fails does.
 */
@Component(property = ActionType.NAME + "=Maven")
public final class Maven implements ActionType {
    /** A row for each test. */
    static final String TESTS = "tests.csv";

    private static final String THREADS = "LASSO_MAVEN_THREADS";
    private static final long MOST_THREADS = 1_000;

    /**
     * Reads what Surefire and Failsafe have reported. Records begin with a tag; what is in CDATA is passed over.
     */
    private static final String REPORTS = """
            function attribute(name,   from, text) {
              if (!match($0, "[ \\t\\r\\n]" name "=\\"")) return ""
              text = substr($0, RSTART + RLENGTH)
              from = index(text, "\\"")
              text = substr(text, 1, from - 1)
              gsub(/&quot;/, "\\"", text); gsub(/&apos;/, "\\047", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text)
              gsub(/&#10;/, "\\n", text); gsub(/&#13;/, "\\r", text); gsub(/&#9;/, "\\t", text); gsub(/&amp;/, "\\\\&", text)
              return text
            }
            function quoted(text) {
              if (text !~ /[",\\r\\n]/) return text
              gsub(/"/, "\\"\\"", text)
              return "\\"" text "\\""
            }
            function told() {
              if (test != "" || type != "") print quoted(type) "," quoted(test) "," outcome "," seconds "," quoted(message)
              test = type = ""
            }
            BEGIN { RS = "<"; print "CLASS,TEST,OUTCOME,SECONDS,MESSAGE" }
            hidden { if ($0 ~ /\\]\\]>/) hidden = 0; next }
            /^!\\[CDATA\\[/ { if ($0 !~ /\\]\\]>/) hidden = 1; next }
            /^testcase[ \\t\\r\\n]/ {
              told()
              test = attribute("name"); type = attribute("classname"); seconds = attribute("time"); gsub(/,/, "", seconds)
              outcome = "passed"; message = ""
            }
            /^(failure|error|skipped)[ \\t\\r\\n\\/>]/ {
              outcome = substr($0, 1, 1) == "f" ? "failed" : substr($0, 1, 1) == "e" ? "error" : "skipped"
              message = attribute("message")
            }
            /^\\/testcase>/ { told() }
            END { told() }
            """;

    /** Arguments: the program above, the project's folder, and the arguments of Maven. */
    private static final String SCRIPT = "reports=$1; project=$2; shift 2; here=$PWD;"
            + " (cd -- \"$project\" && mvn -B -Dmaven.test.failure.ignore=true \"$@\"); code=$?;"
            + " find \"$project\" -type f \\( -path '*/target/surefire-reports/TEST-*.xml' -o -path"
            + " '*/target/failsafe-reports/TEST-*.xml' \\) | LC_ALL=C sort | { set --;"
            + " while IFS= read -r file; do set -- \"$@\" \"$file\"; done;"
            + " [ $# -gt 0 ] || set -- /dev/null; LC_ALL=C awk -- \"$reports\" \"$@\"; } > \"$here/" + TESTS
            + "\" || exit; exit $code";

    @Override
    public Set<String> settings() {
        var settings = new HashSet<>(
                Tasks.settings("image", "executor", "project", "goals", "threads", "repository", "network"));
        settings.remove("command");
        return Set.copyOf(settings);
    }

    @Override
    public Outcome plan(Action action) {
        var settings = action.settings();
        var image = settings.text("image").or(action::image);
        var executor = settings.text("executor").orElse(image.isPresent() ? "docker" : TaskSpec.DEFAULT_EXECUTOR);
        settings.place("executor").locate(() -> Names.requireName("executor", executor));
        var repository = repository(settings);
        var parameters = new TreeMap<String, Object>();
        image.ifPresent(name -> {
            parameters.put("image", name);
            if (!repository.isEmpty()) {
                parameters.put("binds", List.of(repository + ":" + repository + ":rw"));
            }
            settings.text("network").ifPresent(network -> parameters.put("network", network));
        });
        return new Tasks(action, executor, new Parameters(parameters), new Project(repository)).plan();
    }

    /** A folder of the workers that their tasks share; empty for Maven's own. */
    private static String repository(Settings settings) {
        var folder = settings.text("repository").orElse("");
        if (!folder.isEmpty() && (!folder.startsWith("/") || folder.indexOf(':') >= 0)) {
            throw settings.fault(
                    "repository",
                    "'repository' is '" + folder + "'; expected an absolute path of the workers, such as '/srv/m2'");
        }
        if (!folder.isEmpty()) {
            settings.place("repository").locate(() -> Names.requirePath("repository", folder.substring(1)));
        }
        return folder;
    }

    private record Project(String repository) implements Tasks.Program {
        @Override
        public List<String> command(Settings settings) {
            var project = settings.text("project").orElse(".");
            if (!project.equals(".")) {
                settings.place("project").locate(() -> Names.requirePath("project", project));
            }
            var command = new ArrayList<>(
                    List.of("/bin/sh", "-c", SCRIPT, "sh", REPORTS, project.equals(".") ? "." : "./" + project));
            if (threads(settings) > 1) {
                command.addAll(List.of("-T", Long.toString(threads(settings))));
            }
            if (!repository.isEmpty()) {
                command.add("-Dmaven.repo.local=" + repository);
                // several processes write to it; Maven 3.9 locks, an older one does not know these
                command.add("-Daether.syncContext.named.factory=file-lock");
                command.add("-Daether.syncContext.named.nameMapper=file-gav");
            }
            var goals = settings.texts("goals");
            command.addAll(goals.isEmpty() ? List.of("test") : goals);
            return command;
        }

        @Override
        public Map<String, String> environment(Settings settings) {
            return Map.of(THREADS, Long.toString(threads(settings)));
        }

        @Override
        public List<String> records(Settings settings) {
            return List.of(TESTS);
        }

        @Override
        public double cores(Settings settings) {
            return threads(settings);
        }

        private static long threads(Settings settings) {
            var threads = settings.number("threads").orElse(1L);
            if (threads < 1 || threads > MOST_THREADS) {
                throw settings.fault("threads", "'threads' is " + threads + "; expected 1 to " + MOST_THREADS);
            }
            return threads;
        }
    }
}
