package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.Json;
import muster.cli.parquet.ParquetTable;
import muster.cli.terminal.Table;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Asks about what the tasks of a job found out. */
@Command(
        name = "results",
        description = {
            "Asks about the results of a job by SQL, as SQLite has it, for example:",
            "  select SYSTEMID, VALUE from results where TYPE = 'score.txt' order by VALUE desc",
            "Results are the text files that tasks have left at the manager: each file of up to 64 KiB is a row, and each cell"
                    + " of a file in CSV."
        })
final class ResultsCommand extends ClusterCommand {
    private static final int ON_SCREEN = 1_000;
    private static final int IN_FILE = 100_000;

    @Parameters(index = "0", paramLabel = "JOB")
    private String id;

    @Parameters(index = "1", paramLabel = "SQL", arity = "0..1", description = "One query; without it, all results")
    private @Nullable String sql;

    @Option(names = "--rows", paramLabel = "N", description = "At most N rows; 1000 by default, 100000 into a file")
    private @Nullable Integer rows;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Write them to a file whose name ends with .csv, .json or .parquet")
    private @Nullable Path file;

    ResultsCommand(Context context) {
        super(context);
    }

    @Override
    public Integer call() {
        var limit = JobCommands.requirePositive(rows == null ? file == null ? ON_SCREEN : IN_FILE : rows);
        var path = Client.path("jobs", id) + "/results?rows=" + limit + JobCommands.parameter("sql", sql);
        if (file != null) {
            export(path, file);
            return ExitCode.OK;
        }
        var table = client().get(path);
        if (json) {
            print(table);
        } else {
            show(table);
        }
        if (table.path("more").asBoolean()) {
            terminal().tell("there are more rows; --rows shows them");
        }
        return ExitCode.OK;
    }

    private void show(JsonNode results) {
        var columns = new ArrayList<String>();
        results.path("columns").forEach(column -> columns.add(column.asText()));
        var table = new Table(columns.toArray(String[]::new));
        for (var row : results.path("rows")) {
            var cells = new ArrayList<String>();
            row.forEach(cell -> cells.add(cell.isNull() ? "-" : cell.asText()));
            table.row(cells.toArray());
        }
        table.print(terminal());
    }

    private void export(String path, Path into) {
        var name = String.valueOf(into.getFileName());
        var form = name.substring(name.lastIndexOf('.') + 1);
        var content =
                switch (form) {
                    case "csv" -> bytes(client().text(path + "&form=csv"));
                    case "json" -> bytes(Json.pretty(records(whole(client().get(path)))) + "\n");
                    case "parquet" -> parquet(whole(client().get(path)));
                    default -> throw Failure.user("'" + into + "' tells no format; name it .csv, .json or .parquet");
                };
        try {
            Files.write(into, content);
        } catch (IOException e) {
            throw Failure.user("cannot write " + into + ": " + e + "; name another file", e);
        }
        print(into + " is written");
    }

    private static JsonNode whole(JsonNode table) {
        if (table.path("more").asBoolean()) {
            throw Failure.user("there are more than " + table.path("rows").size()
                    + " rows, or more than 16 MiB of them; ask for less, or raise --rows to at most " + IN_FILE);
        }
        return table;
    }

    /** The names of its columns, each another. */
    private static List<String> columns(JsonNode table) {
        var columns = new ArrayList<String>();
        for (var column : table.path("columns")) {
            if (columns.contains(column.asText())) {
                throw Failure.user("two columns are named '" + column.asText() + "'; name one otherwise, by 'as'");
            }
            columns.add(column.asText());
        }
        return columns;
    }

    /** A list of objects whose keys are the columns. */
    private static ArrayNode records(JsonNode table) {
        var columns = columns(table);
        var records = Json.object().putArray("all");
        for (var row : table.path("rows")) {
            var record = records.addObject();
            for (var i = 0; i < row.size(); i++) {
                record.set(columns.get(i), row.get(i));
            }
        }
        return records;
    }

    private static byte[] parquet(JsonNode table) {
        var rows = new ArrayList<List<@Nullable Object>>();
        for (var row : table.path("rows")) {
            var values = new ArrayList<@Nullable Object>();
            row.forEach(value -> values.add(
                    value.isNull()
                            ? null
                            : value.isIntegralNumber()
                                    ? (Object) value.longValue()
                                    : value.isNumber() ? (Object) value.doubleValue() : value.asText()));
            rows.add(values);
        }
        return ParquetTable.write(columns(table), rows);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
