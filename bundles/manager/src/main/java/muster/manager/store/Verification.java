package muster.manager.store;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a look at every row of a SQLite store has found.
 *
 * @param lease as it stands there
 * @param rows how many there are, by table
 * @param faults what is not as it was written, each with its place; empty if all is well
 */
record Verification(Lease lease, Map<String, Long> rows, List<String> faults) {
    Verification {
        rows = Map.copyOf(rows);
        faults = List.copyOf(faults);
    }

    /** Such as {@code 3 jobs, 12 attempts, 1 log, 2 workers}. */
    String count() {
        return List.of("job", "attempt", "log", "worker").stream()
                .map(table -> {
                    var count = rows.getOrDefault(table, 0L);
                    return count + " " + table + (count == 1 ? "" : "s");
                })
                .collect(Collectors.joining(", "));
    }

    static Verification of(Connection connection) {
        return new Look(connection).all();
    }

    private static final class Look {
        private final Connection connection;
        private final Map<String, Long> counts = new LinkedHashMap<>();
        private final List<String> faults = new ArrayList<>();
        private final Set<Long> jobs = new HashSet<>();
        private final Set<String> orphans = new HashSet<>();
        private Lease lease = Lease.NONE;

        Look(Connection connection) {
            this.connection = connection;
        }

        @FunctionalInterface
        private interface Row {
            void read(ResultSet row) throws SQLException;
        }

        Verification all() {
            try {
                faults.addAll(SqliteDatabase.faults(connection));
            } catch (SQLException e) {
                faults.add(e.getMessage());
            }
            table("lease", Rows.LEASE, row -> lease = Rows.lease(row));
            table("job", Rows.JOB, row -> {
                jobs.add(row.getLong(1));
                Rows.job(row);
            });
            table("dispatch", Rows.DISPATCH, row -> {
                Rows.dispatch(row);
                owned("dispatches", row);
            });
            table("attempt", Rows.ATTEMPT, row -> {
                Rows.attempt(row);
                owned("attempts", row);
            });
            table("log", Rows.LOG, row -> {
                Rows.log(row);
                owned("logs", row);
            });
            table("step", Rows.STEP, row -> {
                Rows.step(row);
                owned("steps", row);
            });
            table("task_secret", Rows.TASK_SECRET, row -> {
                Rows.taskSecrets(row);
                owned("secrets", row);
            });
            table("cache", Rows.CACHE, row -> {
                Rows.cached(row);
                owned("entries of the cache", row);
            });
            table("worker", Rows.WORKER, Rows::worker);
            table("secret", Rows.SECRET, Rows::secret);
            return new Verification(lease, counts, faults);
        }

        private void table(String name, String columns, Row reader) {
            var count = 0L;
            try (var statement = connection.createStatement();
                    var rows = statement.executeQuery("select " + columns + " from " + name)) {
                while (rows.next()) {
                    count++;
                    try {
                        reader.read(rows);
                    } catch (DamagedException e) {
                        faults.add(e.getMessage());
                    }
                }
            } catch (SQLException e) {
                faults.add("table " + name + " cannot be read: " + e.getMessage());
            }
            counts.put(name, count);
        }

        private void owned(String what, ResultSet row) throws SQLException {
            var job = row.getLong(1);
            if (!jobs.contains(job) && orphans.add(what + job)) {
                faults.add("there are " + what + " of job " + job + ", which is not there");
            }
        }
    }
}
