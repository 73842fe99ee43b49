package muster.rest.report;

import static muster.rest.report.Texts.bytes;
import static muster.rest.report.Texts.duration;
import static muster.rest.report.Texts.html;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import muster.api.Names;
import muster.api.TaskState;
import org.jspecify.annotations.Nullable;

/** A run on one page of HTML that needs nothing else: no script, no font, no picture from elsewhere. */
public final class ReportPage {
    private static final String STYLE = load();

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("d MMM uuuu HH:mm:ss 'UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final int MOST_FAILURES = 50;
    private static final int MOST_CATEGORIES = 200;
    private static final int MOST_NODES = 150;

    /** What is seen without scrolling; a graph with more tasks side by side is drawn by category. */
    private static final int TALLEST_LAYER = 12;

    private static final int LONGEST_TASKS = 15;
    private static final int MOST_TAKEN = 50;
    private static final int LONGEST_COMMAND = 4000;

    private final Run run;
    private final StringBuilder out = new StringBuilder(1 << 16);
    private final Map<String, String> colours;

    private ReportPage(Run run) {
        this.run = run;
        colours = Timeline.colours(run);
    }

    public static String of(Run run) {
        return new ReportPage(run).write();
    }

    private static String load() {
        try (var in = Objects.requireNonNull(ReportPage.class.getResourceAsStream("report.css"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String write() {
        var job = run.job();
        var title = job.name().isEmpty() ? "job " + job.id() : job.name();
        out.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
        out.append(html(title))
                .append(" · Muster</title>\n<style>")
                .append(STYLE)
                .append("</style>\n</head>\n<body>\n");
        head(title);
        failures(TaskState.FAILED, "Failures");
        failures(TaskState.IGNORED, "Ignored failures");
        categories();
        var timeline = new Timeline(run, colours, out);
        section(
                "Workers over time",
                timeline.each()
                        ? "what ran where; a colour for each category, red where it failed, amber where that is ignored"
                        : "how many tasks ran at once");
        timeline.write();
        graph();
        longest();
        taken();
        return out.append("</body>\n</html>\n").toString();
    }

    private void section(String title, String remark) {
        out.append("<h2>").append(html(title)).append("</h2>\n");
        if (!remark.isEmpty()) {
            out.append("<p class=\"dim\">").append(html(remark)).append("</p>\n");
        }
    }

    private void head(String title) {
        var job = run.job();
        out.append("<h1>")
                .append(html(title))
                .append(' ')
                .append(state(Names.word(job.state())))
                .append("</h1>\n<p class=\"dim\">job ")
                .append(job.id())
                .append(" of ")
                .append(html(job.owner()))
                .append(", submitted ")
                .append(TIME.format(job.submittedAt()));
        if (job.finishedAt() != null) {
            out.append(", ended ").append(TIME.format(job.finishedAt()));
        }
        out.append("</p>\n");
        if (!job.message().isEmpty()) {
            out.append("<p>").append(html(job.message())).append("</p>\n");
        }
        var elapsed = Duration.between(run.begin(), run.end());
        var cpu = Duration.ZERO;
        var busy = 0.0;
        var workers = run.tasks().stream()
                .filter(task -> task.attempt() != null && !task.view().cached())
                .map(task -> task.attempt().worker())
                .distinct()
                .count();
        var retried = 0;
        for (var task : run.tasks()) {
            busy += task.wall().toMillis() / 1000.0 * task.spec().resources().cores();
            var attempt = task.attempt();
            if (attempt != null) {
                cpu = cpu.plus(attempt.usage().cpu());
                retried += attempt.number() > 1 ? 1 : 0;
            }
        }
        var counts = job.tasks();
        out.append("<div class=\"cards\">\n");
        card(counts.getOrDefault(TaskState.SUCCEEDED, 0) + " of " + job.size(), "tasks succeeded");
        for (var each : List.of(TaskState.FAILED, TaskState.IGNORED, TaskState.CANCELED, TaskState.RUNNING)) {
            var count = counts.getOrDefault(each, 0);
            if (count > 0) {
                card(Integer.toString(count), Names.word(each));
            }
        }
        var taken = run.tasks().stream().filter(task -> task.view().cached()).count();
        if (taken > 0) {
            card(Long.toString(taken), "taken from earlier runs");
        }
        if (retried > 0) {
            card(Integer.toString(retried), retried == 1 ? "was tried again" : "were tried again");
        }
        card(duration(elapsed), "from first to last");
        card(duration(Duration.ofMillis((long) (busy * 1000))), "core time reserved");
        card(duration(cpu), "core time used");
        card(Long.toString(workers), workers == 1 ? "worker" : "workers");
        out.append("</div>\n");
    }

    private void card(String value, String what) {
        out.append("<div class=\"card\"><b>")
                .append(html(value))
                .append("</b><span>")
                .append(html(what))
                .append("</span></div>\n");
    }

    private static String state(String word) {
        return "<span class=\"state " + word + "\">" + word + "</span>";
    }

    private void failures(TaskState state, String title) {
        var failed = run.tasks().stream().filter(task -> task.state() == state).toList();
        if (failed.isEmpty()) {
            return;
        }
        section(title, failed.size() > MOST_FAILURES ? "the first " + MOST_FAILURES + " of " + failed.size() : "");
        failed.stream().limit(MOST_FAILURES).forEach(this::failure);
    }

    private void failure(Run.Task task) {
        var attempt = task.attempt();
        var id = task.view().id();
        out.append("<div class=\"failure")
                .append(task.state() == TaskState.IGNORED ? " ignored" : "")
                .append("\">\n<p><b>")
                .append(html(task.name()))
                .append("</b> <span class=\"dim\">task ")
                .append(id);
        if (attempt != null) {
            out.append(" on ")
                    .append(html(attempt.worker()))
                    .append(", attempt ")
                    .append(attempt.number())
                    .append(", after ")
                    .append(duration(attempt.usage().wall()));
        }
        out.append("</span></p>\n<p>").append(html(why(task))).append("</p>\n");
        if (attempt == null) {
            // it never ran, for want of what another that may fail did not make
            out.append("</div>\n");
            return;
        }
        var command = Texts.command(task.spec());
        if (!command.isEmpty()) {
            out.append("<pre>")
                    .append(html(Texts.shortened(command, LONGEST_COMMAND)))
                    .append("</pre>\n");
        }
        if (!attempt.stderrTail().isBlank()) {
            out.append("<p class=\"dim\">the end of what it wrote to standard error</p>\n<pre>")
                    .append(html(attempt.stderrTail().stripTrailing()))
                    .append("</pre>\n");
        }
        out.append("<p class=\"dim\">all it wrote: <code>muster task logs ")
                .append(id)
                .append("</code> · to run it alone, here: <code>muster task shell ")
                .append(id)
                .append("</code></p>\n</div>\n");
    }

    private static String why(Run.Task task) {
        var attempt = task.attempt();
        if (attempt != null && !attempt.message().isEmpty()) {
            return attempt.message();
        }
        if (attempt == null || attempt.cause() == null) {
            return task.view().message();
        }
        return Names.word(attempt.cause()).replace('_', ' ')
                + (attempt.exitCode() != null ? " " + attempt.exitCode() : "")
                + (attempt.signal() != null ? " " + attempt.signal() : "");
    }

    private void categories() {
        section(
                "Categories",
                run.categories().size() > MOST_CATEGORIES
                        ? "the first " + MOST_CATEGORIES + " of "
                                + run.categories().size()
                        : "use of what was reserved: cores by the time used, memory by the peak; bars show the mean of cores and the most of memory");
        out.append(
                "<div class=\"scroll\"><table>\n<tr><th>Category</th><th>Tasks</th><th class=\"number\">Median time</th>"
                        + "<th class=\"number\">Longest</th><th>Cores used</th><th>Memory used</th></tr>\n");
        run.categories().entrySet().stream()
                .limit(MOST_CATEGORIES)
                .forEach(entry -> category(entry.getKey(), entry.getValue()));
        out.append("</table></div>\n");
    }

    private void category(String name, List<Integer> positions) {
        var tasks = positions.stream().map(run.tasks()::get).toList();
        var counts = new int[TaskState.values().length];
        tasks.forEach(task -> counts[task.state().ordinal()]++);
        var ran = tasks.stream().filter(task -> !task.wall().isZero()).toList();
        var walls = ran.stream().map(Run.Task::wall).sorted().toList();
        out.append("<tr><td class=\"name\"><span class=\"swatch\" style=\"background:")
                .append(colours.get(name))
                .append("\"></span>")
                .append(html(name))
                .append("</td><td class=\"meter\">");
        var succeeded = counts[TaskState.SUCCEEDED.ordinal()];
        var failed = counts[TaskState.FAILED.ordinal()];
        var ignored = counts[TaskState.IGNORED.ordinal()];
        var running = counts[TaskState.RUNNING.ordinal()];
        out.append(succeeded == tasks.size() ? Integer.toString(succeeded) : succeeded + " of " + tasks.size());
        if (failed > 0) {
            out.append(", ").append(failed).append(" failed");
        }
        if (ignored > 0) {
            out.append(", ").append(ignored).append(" ignored");
        }
        out.append("<i>");
        part("", succeeded, tasks.size());
        part("bad", failed, tasks.size());
        part("ignored", ignored, tasks.size());
        part("now", running, tasks.size());
        out.append("</i></td>");
        out.append("<td class=\"number\">")
                .append(walls.isEmpty() ? "–" : duration(walls.get(walls.size() / 2)))
                .append("</td><td class=\"number\">")
                .append(walls.isEmpty() ? "–" : duration(walls.get(walls.size() - 1)))
                .append("</td>");
        cores(ran);
        memory(ran);
        out.append("</tr>\n");
    }

    private void part(String kind, int count, int of) {
        if (count > 0) {
            out.append("<u class=\"")
                    .append(kind)
                    .append("\" style=\"width:")
                    .append(percent((double) count / of))
                    .append("\"></u>");
        }
    }

    private void cores(List<Run.Task> ran) {
        var used = 0.0;
        var reserved = 0.0;
        for (var task : ran) {
            used += task.attempt() == null ? 0 : task.attempt().usage().cpu().toNanos();
            reserved += task.wall().toNanos() * task.spec().resources().cores();
        }
        if (reserved == 0 || used == 0) {
            out.append("<td>–</td>");
            return;
        }
        var most = ran.stream()
                .mapToDouble(task -> task.spec().resources().cores())
                .max()
                .orElse(1);
        use(used / reserved, String.format(Locale.ROOT, "%.0f%% of %s", 100 * used / reserved, count(most)));
    }

    private static String count(double cores) {
        return cores == Math.rint(cores) ? Math.round(cores) + (cores == 1 ? " core" : " cores") : cores + " cores";
    }

    private void memory(List<Run.Task> ran) {
        var most = ran.stream()
                .mapToLong(task ->
                        task.attempt() == null ? 0 : task.attempt().usage().peakMemoryBytes())
                .max()
                .orElse(0);
        var reserved = ran.stream()
                .mapToLong(task -> task.spec().resources().memoryBytes())
                .max()
                .orElse(0);
        if (most == 0) {
            out.append("<td>–</td>");
        } else if (reserved == 0) {
            out.append("<td>").append(bytes(most)).append(" <span class=\"dim\">none reserved</span></td>");
        } else {
            use((double) most / reserved, bytes(most) + " of " + bytes(reserved));
        }
    }

    private void use(double share, String words) {
        out.append("<td class=\"use\">")
                .append(html(words))
                .append("<i><u")
                .append(share > 1.001 ? " class=\"over\"" : "")
                .append(" style=\"width:")
                .append(percent(Math.min(1, share)))
                .append("\"></u></i></td>");
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * share);
    }

    private void graph() {
        if (run.needs().length == 0) {
            return;
        }
        var graph = RunGraph.of(run);
        if (graph.layers().stream().anyMatch(layer -> layer.size() > TALLEST_LAYER)) {
            graph = RunGraph.ofCategories(run);
        }
        var byTask = graph.nodes().size() == run.tasks().size();
        section("What waits for what", byTask ? "" : "by category");
        if (graph.nodes().size() > MOST_NODES) {
            out.append("<p>")
                    .append(graph.nodes().size())
                    .append(" boxes are too many to draw; " + "<code>muster job report ")
                    .append(run.job().id())
                    .append(" --graph run.dot</code> writes them for Graphviz.</p>\n");
        } else {
            Drawing.write(graph, out);
        }
    }

    private void longest() {
        var longest = run.tasks().stream()
                .filter(task -> !task.wall().isZero())
                .sorted(Comparator.comparing(Run.Task::wall).reversed())
                .limit(LONGEST_TASKS)
                .toList();
        if (longest.size() < 2) {
            return;
        }
        section("Longest tasks", "");
        out.append(
                "<div class=\"scroll\"><table>\n<tr><th>Task</th><th>Worker</th><th class=\"number\">Began after</th>"
                        + "<th class=\"number\">Time</th><th class=\"number\">Core time</th><th class=\"number\">Memory</th></tr>\n");
        for (var task : longest) {
            var attempt = Objects.requireNonNull(task.attempt());
            out.append("<tr><td class=\"name\">")
                    .append(html(task.name()))
                    .append(' ')
                    .append(task.state() == TaskState.SUCCEEDED ? "" : state(Names.word(task.state())))
                    .append("</td><td>")
                    .append(html(attempt.worker()))
                    .append("</td><td class=\"number\">")
                    .append(after(attempt.startedAt()))
                    .append("</td><td class=\"number\">")
                    .append(duration(task.wall()))
                    .append("</td><td class=\"number\">")
                    .append(duration(attempt.usage().cpu()))
                    .append("</td><td class=\"number\">")
                    .append(
                            attempt.usage().peakMemoryBytes() == 0
                                    ? "–"
                                    : bytes(attempt.usage().peakMemoryBytes()))
                    .append("</td></tr>\n");
        }
        out.append("</table></div>\n");
    }

    private void taken() {
        var taken = run.tasks().stream().filter(task -> task.view().cached()).toList();
        if (taken.isEmpty()) {
            return;
        }
        section(
                "Taken from earlier runs",
                taken.size() > MOST_TAKEN ? "the first " + MOST_TAKEN + " of " + taken.size() : "");
        out.append("<div class=\"scroll\"><table>\n<tr><th>Task</th><th>Where from</th></tr>\n");
        for (var task : taken.subList(0, Math.min(MOST_TAKEN, taken.size()))) {
            out.append("<tr><td class=\"name\">")
                    .append(html(task.name()))
                    .append("</td><td>")
                    .append(html(task.view().message()))
                    .append("</td></tr>\n");
        }
        out.append("</table></div>\n");
    }

    private String after(@Nullable Instant time) {
        return time == null ? "–" : duration(Duration.between(run.begin(), time));
    }
}
