package muster.rest.report;

import static muster.rest.report.Texts.html;

import java.util.Locale;
import muster.api.Names;

/** A graph as a picture: boxes in columns, each to the right of all that it needs. */
final class Drawing {
    private static final int WIDTH = 170;
    private static final int HEIGHT = 40;
    private static final int ACROSS = 60;
    private static final int DOWN = 14;
    private static final int LONGEST_NAME = 23;

    private Drawing() {}

    static void write(RunGraph graph, StringBuilder out) {
        var x = new int[graph.nodes().size()];
        var y = new int[graph.nodes().size()];
        var tallest =
                graph.layers().stream().mapToInt(layer -> layer.size()).max().orElse(1);
        var height = tallest * (HEIGHT + DOWN) - DOWN + 4;
        var width = graph.layers().size() * (WIDTH + ACROSS) - ACROSS + 4;
        for (var column = 0; column < graph.layers().size(); column++) {
            var layer = graph.layers().get(column);
            var top = (height - (layer.size() * (HEIGHT + DOWN) - DOWN)) / 2;
            for (var row = 0; row < layer.size(); row++) {
                x[layer.get(row)] = 2 + column * (WIDTH + ACROSS);
                y[layer.get(row)] = top + row * (HEIGHT + DOWN);
            }
        }
        out.append(String.format(
                Locale.ROOT,
                "<div class=\"dag\"><svg width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">%n",
                width,
                height,
                width,
                height));
        graph.edges()
                .forEach((from, all) -> all.forEach(to -> {
                    var startX = x[from] + WIDTH;
                    var startY = y[from] + HEIGHT / 2;
                    var endY = y[to] + HEIGHT / 2;
                    var bend = Math.max(ACROSS / 2, Math.abs(x[to] - startX) / 2);
                    out.append(String.format(
                            Locale.ROOT,
                            "<path d=\"M%d %dC%d %d %d %d %d %d\"/>%n",
                            startX,
                            startY,
                            startX + bend,
                            startY,
                            x[to] - bend,
                            endY,
                            x[to],
                            endY));
                }));
        for (var i = 0; i < graph.nodes().size(); i++) {
            node(graph.nodes().get(i), x[i], y[i], out);
        }
        out.append("</svg></div>\n");
    }

    private static void node(RunGraph.Node node, int x, int y, StringBuilder out) {
        var below = node.size() == 1 ? Names.word(node.state()) : node.succeeded() + " of " + node.size();
        out.append("<g class=\"")
                .append(Names.word(node.state()))
                .append("\"><title>")
                .append(html(node.name()))
                .append("</title>")
                .append(String.format(
                        Locale.ROOT,
                        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/>",
                        x,
                        y,
                        WIDTH,
                        HEIGHT))
                .append(String.format(Locale.ROOT, "<text x=\"%d\" y=\"%d\">", x + 10, y + 17))
                .append(html(Texts.shortened(node.name(), LONGEST_NAME)))
                .append(String.format(Locale.ROOT, "</text><text class=\"dim\" x=\"%d\" y=\"%d\">", x + 10, y + 32))
                .append(html(below))
                .append("</text></g>\n");
    }
}
