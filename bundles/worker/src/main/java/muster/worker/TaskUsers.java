package muster.worker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.executor.SystemUser;

/**
 * The users of the system that tasks run as. Each task has the one that the fewest others have: with as many users as
 * there are tasks at a time, each has one of its own. Thread-safe.
 */
final class TaskUsers {
    /** Tasks run as the worker's own user. */
    static final TaskUsers NONE = new TaskUsers(List.of());

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*\\$?");

    private final List<SystemUser> users;

    /** How many tasks have each. */
    private final Map<Identity, Integer> taken = new LinkedHashMap<>();

    private TaskUsers(List<SystemUser> users) {
        this.users = users;
        users.forEach(user -> taken.put(Identity.of(user), 0));
    }

    /**
     * Finds users by their names or numbers.
     *
     * @throws MusterException INVALID if one is not there or is root, or if the worker is not root
     */
    static TaskUsers of(List<String> names) {
        if (names.isEmpty()) {
            return NONE;
        }
        if (!FileRights.ofRoot()) {
            throw MusterException.invalid("key 'task.user' of " + WorkerConfiguration.PID + " is '"
                    + String.join(",", names) + "', but this worker does not run as root, so that its tasks run as the"
                    + " user that it runs as; leave the key empty, or start the worker as root");
        }
        return new TaskUsers(names.stream().map(TaskUsers::find).toList());
    }

    private static SystemUser find(String name) {
        if (!NAME.matcher(name).matches()) {
            throw notAUser(name, "is not the name of a user");
        }
        var entry = first(List.of("getent", "passwd", name)).split(":", -1);
        if (entry.length < 7) {
            throw notAUser(name, "is not a user of this machine");
        }
        var uid = Integer.parseInt(entry[2]);
        if (uid == 0) {
            throw notAUser(name, "is root");
        }
        var groups = Stream.of(first(List.of("id", "-G", entry[0])).split(" "))
                .map(Integer::parseInt)
                .toList();
        return new SystemUser(
                entry[0], uid, Integer.parseInt(entry[3]), groups, Path.of("/").resolve(entry[5]));
    }

    private static MusterException notAUser(String name, String why) {
        return MusterException.invalid("key 'task.user' of " + WorkerConfiguration.PID + ": '" + Names.escape(name)
                + "' " + why + "; make a user for tasks: useradd --system muster-task");
    }

    private static String first(List<String> command) {
        try {
            var process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (var out = process.getInputStream()) {
                return new String(out.readAllBytes(), StandardCharsets.UTF_8)
                        .lines()
                        .findFirst()
                        .orElse("");
            }
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "users of this machine cannot be found: " + e + "; install " + command.get(0),
                    e);
        }
    }

    boolean isEmpty() {
        return users.isEmpty();
    }

    /** Their names, as messages have them. */
    String names() {
        return users.stream().map(SystemUser::name).collect(Collectors.joining(", "));
    }

    /** Until {@link #giveBack}. */
    synchronized Identity take() {
        var least = taken.entrySet().stream().min(Comparator.comparingInt(Map.Entry::getValue));
        least.ifPresent(entry -> entry.setValue(entry.getValue() + 1));
        return least.map(Map.Entry::getKey).orElse(Identity.WORKER);
    }

    synchronized void giveBack(Identity identity) {
        taken.computeIfPresent(identity, (known, count) -> count - 1);
    }

    /**
     * Sees to it that each can get into a folder.
     *
     * @throws MusterException INVALID if one cannot, because of a folder above
     */
    void requireReach(Path folder) {
        for (var identity : taken.keySet()) {
            if (!identity.run(() -> Files.isDirectory(folder.resolve(".")))) {
                throw MusterException.invalid(
                        "user '" + identity.user().map(SystemUser::name).orElse("")
                                + "', which tasks run as, cannot reach '" + folder
                                + "'; let it pass the folders above (chmod o+x), or set key 'work' to one that it can reach");
            }
        }
    }
}
