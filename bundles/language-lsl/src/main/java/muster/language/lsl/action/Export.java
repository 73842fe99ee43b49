package muster.language.lsl.action;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import muster.api.Input;
import muster.api.Names;
import muster.api.Output;
import muster.api.TaskSpec;
import muster.api.language.Plan;
import muster.api.study.Action;
import muster.api.study.ActionType;
import muster.api.study.Outcome;
import org.osgi.service.component.annotations.Component;

/**
 * Writes a table, as CSV or JSON, with a row for each file that was made of a system: its text is the value. The columns are
 * those of LASSO's cells that apply.
 */
@Component(property = ActionType.NAME + "=Export")
public final class Export implements ActionType {
    private static final String FROM = ".export";

    /** All arguments of a program have room in 2 MiB. */
    private static final int MAX_ARGUMENTS = 1_000_000;

    /**
     * Arguments: {@code csv} or {@code json}, then for each row the action, the abstraction, the system and the output; the
     * files have the rows' numbers as names.
     */
    private static final String TABLE = """
            function quoted(text,   i, c, out) {
              if (format == "csv") {
                if (text !~ /[",\\r\\n]/) return text
                gsub(/"/, "\\"\\"", text)
                return "\\"" text "\\""
              }
              if (text !~ /["\\\\]/ && text !~ /[[:cntrl:]]/) return "\\"" text "\\""
              out = ""
              for (i = 1; i <= length(text); i++) {
                c = substr(text, i, 1)
                out = out (c in escape ? escape[c] : c)
              }
              return "\\"" out "\\""
            }
            function content(file,   line, text, first, got) {
              text = ""
              first = 1
              while ((got = (getline line < file)) > 0) {
                text = first ? line : text "\\n" line
                first = 0
              }
              if (got < 0) {
                printf "output \\047%s\\047 of the system \\047%s\\047 is no file that can be read\\n", cell[5], cell[4] > "/dev/stderr"
                exit 1
              }
              close(file)
              return text
            }
            BEGIN {
              format = ARGV[1]
              columns = split("EXECUTIONID ACTIONID ABSTRACTIONID SYSTEMID TYPE VALUE", column, " ")
              for (i = 1; i < 32; i++) escape[sprintf("%c", i)] = sprintf("\\\\u%04x", i)
              escape["\\""] = "\\\\\\""
              escape["\\\\"] = "\\\\\\\\"
              if (format == "csv") {
                for (i = 1; i <= columns; i++) printf "%s%s", column[i], (i < columns ? "," : "\\n")
              } else {
                print "["
              }
              for (row = 0; 4 * row + 2 < ARGC; row++) {
                cell[1] = ENVIRON["MUSTER_JOB"]
                for (i = 0; i < 4; i++) cell[2 + i] = ARGV[4 * row + 2 + i]
                cell[6] = content(sprintf(".export/%09d", row))
                if (format == "csv") {
                  for (i = 1; i <= columns; i++) printf "%s%s", quoted(cell[i]), (i < columns ? "," : "\\n")
                } else {
                  printf "%s{", (row > 0 ? ",\\n" : "")
                  for (i = 1; i <= columns; i++) printf "%s%s:%s", (i > 1 ? "," : ""), quoted(column[i]), quoted(cell[i])
                  printf "}"
                }
              }
              if (format != "csv") print "\\n]"
            }
            """;

    private static final String SCRIPT = "case $1 in */*) mkdir -p -- \"${1%/*}\" || exit;; esac;"
            + " made=$1; program=$2; shift 2; LC_ALL=C exec awk -- \"$program\" \"$@\" > \"$made\"";

    @Override
    public Set<String> settings() {
        return Set.of("file", Files.TAKES);
    }

    @Override
    public Outcome plan(Action action) {
        var settings = action.settings();
        var file = settings.text("file").orElse(action.name() + ".csv");
        var format = file.endsWith(".csv") ? "csv" : file.endsWith(".json") ? "json" : "";
        if (format.isEmpty()) {
            throw settings.fault("file", "'" + file + "' tells no format; name it .csv or .json");
        }
        settings.place("file").locate(() -> Names.requirePath("output", file));
        var arguments = new ArrayList<>(List.of("/bin/sh", "-c", SCRIPT, "sh", file, TABLE, format));
        var inputs = new ArrayList<Input>();
        var needs = new LinkedHashSet<String>();
        var size = 0L;
        for (var abstraction : action.included()) {
            for (var system : abstraction.systems()) {
                needs.addAll(system.needs());
                for (var product : Files.made(action, settings.of(system), system)) {
                    var columns = List.of(product.action(), abstraction.name(), system.id(), product.output());
                    for (var column : columns) {
                        size += column.length() + 9L;
                    }
                    arguments.addAll(columns);
                    inputs.add(new Input(
                            FROM + "/" + String.format("%09d", inputs.size()),
                            product.input().source(),
                            false));
                }
            }
        }
        if (inputs.isEmpty()) {
            throw action.at()
                    .error("the action '" + action.name()
                            + "' exports nothing; include systems of which an action makes outputs");
        }
        if (size > MAX_ARGUMENTS) {
            throw action.at()
                    .error("the action '" + action.name() + "' exports " + inputs.size()
                            + " values, which is too much for one table; export parts of them");
        }
        var name = action.taskName("");
        var task = action.at().locate(() -> TaskSpec.builder()
                .name(name)
                .command(arguments)
                .needs(List.copyOf(needs))
                .inputs(inputs)
                .outputs(List.of(new Output(Files.literal(file), false, true)))
                .build());
        return new Outcome(List.of(task), List.of(), List.of(name), List.of(new Plan.Delivery(file, name, file)));
    }
}
