package muster.rest.report;

import static muster.rest.report.Texts.duration;
import static muster.rest.report.Texts.html;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import muster.api.Names;

/** What ran on each worker, when: a bar for each task; where they are too many to be seen, how many ran at once. */
final class Timeline {
    /** More are drawn as a height. */
    static final int MOST_BARS = 3000;

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,64}");
    private static final int WIDTH = 1000;
    private static final int STEPS = 500;
    private static final int TALLEST = 160;
    private static final int AREA = 60;
    private static final int MOST_WORKERS = 200;

    /** Told apart also by those who see no red and green; the rest is grey. */
    private static final List<String> COLOURS = List.of(
            "#4477aa", "#66ccee", "#228833", "#ccbb44", "#aa3377", "#88a0c8", "#e08e45", "#6b8e6b", "#9467bd",
            "#8c7361");

    private static final String OTHERS = "#9aa2ab";

    private final Run run;
    private final Map<String, String> colours;
    private final StringBuilder out;
    private final Instant begin;
    private final double length;

    Timeline(Run run, Map<String, String> colours, StringBuilder out) {
        this.run = run;
        this.colours = colours;
        this.out = out;
        begin = run.begin();
        length = Math.max(1, Duration.between(begin, run.end()).toMillis());
    }

    /** A colour for each category. */
    static Map<String, String> colours(Run run) {
        var colours = new HashMap<String, String>();
        for (var name : run.categories().keySet()) {
            colours.put(name, colours.size() < COLOURS.size() ? COLOURS.get(colours.size()) : OTHERS);
        }
        return colours;
    }

    /** A time that a task was on a worker, in thousandths of the run. */
    private record Bar(Run.Task task, double from, double to) {}

    /** Whether each task is seen, else how many ran at once. */
    boolean each() {
        return run.tasks().stream().filter(task -> task.start() != null).count() <= MOST_BARS;
    }

    void write() {
        var workers = new TreeMap<String, List<Bar>>(
                Comparator.comparing(Timeline::inOrder).thenComparing(Comparator.naturalOrder()));
        for (var task : run.tasks()) {
            var start = task.start();
            if (task.attempt() != null && start != null) {
                var finished = task.attempt().finishedAt();
                workers.computeIfAbsent(task.attempt().worker(), worker -> new ArrayList<>())
                        .add(new Bar(task, at(start), at(finished == null ? run.end() : finished)));
            }
        }
        if (workers.isEmpty()) {
            out.append("<p>No task has run.</p>\n");
            return;
        }
        out.append("<div class=\"scroll\">\n");
        for (var worker : workers.entrySet().stream().limit(MOST_WORKERS).toList()) {
            worker(worker.getKey(), worker.getValue(), each());
        }
        out.append("<div class=\"lane\"><b></b><div class=\"axis\">");
        for (var quarter = 0; quarter <= 4; quarter++) {
            out.append("<span>")
                    .append(duration(Duration.ofMillis((long) (length * quarter / 4))))
                    .append("</span>");
        }
        out.append("</div></div>\n</div>\n");
        if (workers.size() > MOST_WORKERS) {
            out.append("<p class=\"dim\">and ")
                    .append(workers.size() - MOST_WORKERS)
                    .append(" workers more</p>\n");
        }
    }

    /** What puts w2 before w10. */
    private static String inOrder(String worker) {
        return NUMBER.matcher(worker)
                .replaceAll(number -> "0".repeat(64 - number.group().length()) + number.group());
    }

    private double at(Instant time) {
        return Math.max(0, Math.min(WIDTH, WIDTH * Duration.between(begin, time).toMillis() / length));
    }

    private void worker(String name, List<Bar> bars, boolean each) {
        out.append("<div class=\"lane\"><b>")
                .append(html(name))
                .append("<span class=\"dim\">")
                .append(bars.size())
                .append(bars.size() == 1 ? " task</span></b>\n" : " tasks</span></b>\n");
        if (each) {
            bars(bars);
        } else {
            area(bars);
        }
        out.append("</div>\n");
    }

    /** Each task in the first row that is free by then. */
    private void bars(List<Bar> bars) {
        var sorted = new ArrayList<>(bars);
        sorted.sort(Comparator.comparingDouble(Bar::from));
        var free = new ArrayList<Double>();
        var rows = new int[sorted.size()];
        for (var i = 0; i < rows.length; i++) {
            var row = 0;
            while (row < free.size() && free.get(row) > sorted.get(i).from() + 1e-9) {
                row++;
            }
            if (row == free.size()) {
                free.add(0.0);
            }
            free.set(row, sorted.get(i).to());
            rows[i] = row;
        }
        var height = Math.max(3, Math.min(16, TALLEST / free.size()));
        svg(free.size() * height + 8);
        for (var i = 0; i < rows.length; i++) {
            var bar = sorted.get(i);
            out.append(String.format(
                    Locale.ROOT,
                    "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"%s\"><title>%s, %s, %s</title></rect>%n",
                    bar.from(),
                    4 + rows[i] * height,
                    Math.max(0.8, bar.to() - bar.from()),
                    height > 4 ? height - 1 : height,
                    switch (bar.task().state()) {
                        case FAILED -> "#c8372d";
                        case IGNORED -> "#a86f00";
                        default -> colours.get(bar.task().spec().categoryName());
                    },
                    html(bar.task().name()),
                    Names.word(bar.task().state()),
                    duration(bar.task().wall())));
        }
        out.append("</svg>\n");
    }

    /** How many ran at once, on the mean of each step. */
    private void area(List<Bar> bars) {
        var running = new double[STEPS];
        var step = (double) WIDTH / STEPS;
        for (var bar : bars) {
            var last = Math.min(STEPS - 1, (int) (bar.to() / step));
            for (var i = Math.min(STEPS - 1, (int) (bar.from() / step)); i <= last; i++) {
                running[i] += (Math.min(bar.to(), (i + 1) * step) - Math.max(bar.from(), i * step)) / step;
            }
        }
        var most = 1e-9;
        for (var each : running) {
            most = Math.max(most, each);
        }
        svg(AREA + 8);
        out.append("<path fill=\"#4477aa\" d=\"M0 ").append(AREA + 4);
        for (var i = 0; i < STEPS; i++) {
            var top = 4 + AREA * (1 - running[i] / most);
            out.append(String.format(Locale.ROOT, "L%.0f %.1fL%.0f %.1f", i * step, top, (i + 1) * step, top));
        }
        out.append("L")
                .append(WIDTH)
                .append(' ')
                .append(AREA + 4)
                .append("Z\"><title>")
                .append(String.format(Locale.ROOT, "at most %.1f at once", most))
                .append("</title></path></svg>\n");
    }

    private void svg(int height) {
        out.append("<svg viewBox=\"0 0 ")
                .append(WIDTH)
                .append(' ')
                .append(height)
                .append("\" height=\"")
                .append(height)
                .append("\" preserveAspectRatio=\"none\" role=\"img\">\n");
    }
}
