package muster.manager.results;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.ResultTable;
import org.jspecify.annotations.Nullable;
import org.sqlite.ProgressHandler;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteLimits;

/**
 * The results of one job in a database of their own, which is in memory and has nothing else. So whoever asks sees what
 * was put there and no more, whatever the query; and queries cannot write, reach a file, or go on for ever. Not
 * thread-safe.
 */
public final class ResultDatabase implements AutoCloseable {
    /** Columns, as LASSO's cells have them where they apply, and the task. */
    static final String COLUMNS =
            "EXECUTIONID, ACTIONID, ABSTRACTIONID, SHEETID, SYSTEMID, X, Y, TYPE, VALUE, RAWVALUE,"
                    + " LASTMODIFIED, EXECUTIONTIME, TASKID";

    private static final String TABLE =
            "create table results (EXECUTIONID text, ACTIONID text, ABSTRACTIONID text, SHEETID text, SYSTEMID text,"
                    + " X integer, Y integer, TYPE text, VALUE numeric, RAWVALUE text, LASTMODIFIED text,"
                    + " EXECUTIONTIME integer, TASKID text)";

    /** The largest file that is one value. */
    private static final int MAX_VALUE_BYTES = 64 << 10;

    /** The largest file that is a table. */
    private static final int MAX_SHEET_BYTES = 8 << 20;

    private static final int MAX_CELLS = 1_000_000;
    private static final long MAX_CHARACTERS = 128L << 20;
    private static final int BATCH = 1_000;

    /** What an answer has at most, in characters. */
    private static final long MAX_ANSWER = 16L << 20;

    /** What any text or blob has at most, in bytes, also within a query, which may make many. */
    private static final int MAX_TEXT = 1 << 20;

    /** The longest cell of a table, in characters; so that each fits into a text. */
    private static final int MAX_CELL = 256 << 10;

    private static final int MAX_COLUMNS = 100;

    private static final int STEPS_BETWEEN_LOOKS = 10_000;

    private final SQLiteConnection connection;
    private final PreparedStatement insert;
    private int cells;
    private int waiting;
    private long characters;

    public ResultDatabase() {
        try {
            var config = new SQLiteConfig();
            config.enableLoadExtension(false);
            // sorting what does not fit into the cache goes to files that have no name
            config.setTempStore(SQLiteConfig.TempStore.FILE);
            config.setJournalMode(SQLiteConfig.JournalMode.OFF);
            connection = (SQLiteConnection) config.createConnection("jdbc:sqlite::memory:");
            try (var statement = connection.createStatement()) {
                statement.execute(TABLE);
            }
            connection.setAutoCommit(false);
            insert = connection.prepareStatement(
                    "insert into results (" + COLUMNS + ") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    /** Whether a file may have results. */
    public static boolean takes(String name, long bytes) {
        return bytes <= (isSheet(name) ? MAX_SHEET_BYTES : MAX_VALUE_BYTES);
    }

    private static boolean isSheet(String name) {
        return name.endsWith(".csv");
    }

    /**
     * Adds what a task left: each cell of a table in CSV, whose header names the types; all of another text. What is no
     * text is left out, and so is a cell of more than {@value #MAX_CELL} characters.
     */
    public void add(Origin origin, String name, byte[] bytes) {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return;
        }
        if (text.indexOf('\0') >= 0) {
            return;
        }
        try {
            var sheet = isSheet(name) ? CsvText.rows(text) : Optional.<List<List<String>>>empty();
            if (sheet.isPresent()) {
                addSheet(origin, name, sheet.get());
            } else {
                add(origin, "", 0, 0, name, text.endsWith("\n") ? text.substring(0, text.length() - 1) : text);
            }
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private void addSheet(Origin origin, String name, List<List<String>> rows) throws SQLException {
        var header = rows.get(0);
        for (var y = 1; y < rows.size(); y++) {
            for (var x = 0; x < header.size(); x++) {
                var value = rows.get(y).get(x);
                if (value.length() <= MAX_CELL) {
                    add(origin, name, x, y - 1, header.get(x), value);
                }
            }
        }
    }

    private void add(Origin origin, String sheet, int x, int y, String type, String value) throws SQLException {
        characters += value.length();
        if (++cells > MAX_CELLS || characters > MAX_CHARACTERS) {
            throw new MusterException(
                    ErrorCode.TOO_LARGE,
                    "job " + origin.task().job() + " has more than " + MAX_CELLS + " results or "
                            + (MAX_CHARACTERS >> 20)
                            + " MiB of them, too many for one table; download its outputs instead");
        }
        Object[] values = {
            origin.task().job().toString(),
            origin.action(),
            origin.abstraction(),
            sheet,
            origin.system(),
            x,
            y,
            type,
            value,
            value,
            origin.finishedAt() == null ? null : origin.finishedAt().toString(),
            origin.milliseconds(),
            origin.task().toString()
        };
        for (var i = 0; i < values.length; i++) {
            insert.setObject(i + 1, values[i]);
        }
        insert.addBatch();
        if (++waiting == BATCH) {
            insert.executeBatch();
            waiting = 0;
        }
    }

    /**
     * Answers a query. Nothing can be added any more.
     *
     * @param limit of rows
     * @param time that it may take
     */
    public ResultTable ask(String sql, int limit, Duration time) {
        Query.require(sql);
        try {
            insert.executeBatch();
            connection.commit();
            connection.setAutoCommit(true);
            try (var statement = connection.createStatement()) {
                statement.execute("pragma query_only = on");
            }
            connection.setLimit(SQLiteLimits.SQLITE_LIMIT_ATTACHED, 0);
            connection.setLimit(SQLiteLimits.SQLITE_LIMIT_LENGTH, MAX_TEXT);
            connection.setLimit(SQLiteLimits.SQLITE_LIMIT_COLUMN, MAX_COLUMNS);
        } catch (SQLException e) {
            throw failed(e);
        }
        var deadline = System.nanoTime() + time.toNanos();
        try {
            ProgressHandler.setHandler(connection, STEPS_BETWEEN_LOOKS, new ProgressHandler() {
                @Override
                protected int progress() {
                    return System.nanoTime() - deadline > 0 ? 1 : 0;
                }
            });
            try (var statement = connection.prepareStatement(sql);
                    var found = statement.executeQuery()) {
                return table(found, limit);
            } finally {
                ProgressHandler.clearHandler(connection);
            }
        } catch (SQLException e) {
            if ((e.getErrorCode() & 0xff) == SQLiteErrorCode.SQLITE_INTERRUPT.code) {
                throw MusterException.invalid("the query took longer than " + time.toMillis()
                        + " ms and was ended; ask for less, or export the results and ask elsewhere");
            }
            throw new MusterException(
                    ErrorCode.INVALID,
                    "the query has a fault: " + reason(e) + "; the table 'results' has the columns " + COLUMNS,
                    e);
        }
    }

    private static ResultTable table(ResultSet found, int limit) throws SQLException {
        var columns = new ArrayList<String>();
        var meta = found.getMetaData();
        for (var i = 1; i <= meta.getColumnCount(); i++) {
            columns.add(meta.getColumnLabel(i));
        }
        var rows = new ArrayList<List<@Nullable Object>>();
        var size = 0L;
        while (found.next()) {
            if (rows.size() == limit || size > MAX_ANSWER) {
                return new ResultTable(columns, rows, true);
            }
            var row = new ArrayList<@Nullable Object>(columns.size());
            for (var i = 1; i <= columns.size(); i++) {
                var value = value(found.getObject(i));
                size += value instanceof String text ? text.length() : Long.BYTES;
                row.add(value);
            }
            if (rows.isEmpty() && size > MAX_ANSWER) {
                throw new MusterException(
                        ErrorCode.TOO_LARGE,
                        "a row of the answer has more than " + (MAX_ANSWER >> 20) + " MiB; ask for less of each");
            }
            rows.add(row);
        }
        return new ResultTable(columns, rows, false);
    }

    private static @Nullable Object value(@Nullable Object value) {
        if (value instanceof Integer number) {
            return number.longValue();
        }
        if (value instanceof BigDecimal number) {
            return number.doubleValue();
        }
        if (value instanceof Double number && number.isInfinite()) {
            return number.toString();
        }
        return value instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : value;
    }

    /** Without the names that SQLite gives its codes. */
    private static String reason(SQLException e) {
        var message = Objects.requireNonNullElse(e.getMessage(), "");
        var begin = message.indexOf('(');
        return begin >= 0 && message.endsWith(")") ? message.substring(begin + 1, message.length() - 1) : message;
    }

    private static MusterException failed(SQLException e) {
        return new MusterException(ErrorCode.INTERNAL, "the results cannot be put into a table: " + e.getMessage(), e);
    }

    @Override
    public void close() {
        try {
            insert.close();
            connection.close();
        } catch (SQLException e) {
            throw failed(e);
        }
    }
}
