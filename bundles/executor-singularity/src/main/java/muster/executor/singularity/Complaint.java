package muster.executor.singularity;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import muster.api.Cause;
import muster.api.Names;
import muster.api.executor.Attempt;
import muster.api.executor.Outcome;

/** What the runtime writes to standard error when there was no container, or no such command in it. */
final class Complaint {
    private static final int EXIT_CODE = 255;
    private static final int MOST_BYTES = 4096;

    /** Its last line. */
    private static final Pattern LINE = Pattern.compile("(?s)(?:.*\n)?FATAL: {3}([^\n]+)\n?");

    private static final Pattern OF_COMMAND = Pattern.compile("(\"[^\"]*\": |stat .*: |exec .*: |fork/exec .*: )?"
            + "(executable file not found in \\$PATH|no such file or directory|permission denied|is a directory"
            + "|exec format error|not a directory|argument list too long)");

    private static final Pattern OF_IMAGE =
            Pattern.compile(".*(image format not recognized|doesn't exist in container|could not open image).*");

    private static final Pattern OF_CONTAINER =
            Pattern.compile("(container creation failed|While |while |[Ff]ailed |[Cc]ould not |[Uu]nable to ).*");

    private Complaint() {}

    /** The outcome with its cause, where an exit code alone says less. */
    static Outcome explain(Attempt attempt, Outcome outcome) {
        if (outcome.cause() != Cause.EXIT_CODE || outcome.exitCode() != EXIT_CODE) {
            return outcome;
        }
        var line = LINE.matcher(end(attempt));
        return line.matches() ? explain(attempt, outcome, line) : outcome;
    }

    private static Outcome explain(Attempt attempt, Outcome outcome, Matcher line) {
        var task = attempt.task();
        var said = Names.escape(line.group(1).strip());
        var image = "image '" + Names.escape(task.parameters().string("image").orElse("")) + "'";
        if (OF_COMMAND.matcher(said).matches()) {
            var command =
                    task.command().isEmpty() ? "" : Names.escape(task.command().get(0));
            return with(
                    outcome,
                    Cause.INVALID,
                    "command '" + command + "' cannot be run in " + image + ": " + said
                            + "; name one that is there, or another image");
        }
        if (OF_IMAGE.matcher(said).matches()) {
            return with(
                    outcome,
                    Cause.INVALID,
                    image + " cannot be run: " + said
                            + "; give a SIF, a folder with a root file system, or what 'docker save' writes");
        }
        return OF_CONTAINER.matcher(said).matches()
                ? with(outcome, Cause.EXECUTOR, "the container of " + image + " cannot be made: " + said + remedy(said))
                : outcome;
    }

    private static String remedy(String said) {
        return said.contains("/dev/fuse")
                ? "; let this worker's tasks open /dev/fuse, or give a folder with a root file system as image"
                : "";
    }

    private static Outcome with(Outcome outcome, Cause cause, String message) {
        return new Outcome(cause, -1, 0, message, outcome.usage());
    }

    private static String end(Attempt attempt) {
        var stderr = attempt.stderr();
        return attempt.task().stderr() == null ? end(stderr) : attempt.asUser(() -> end(stderr));
    }

    private static String end(Path stderr) {
        try (var file = new RandomAccessFile(stderr.toFile(), "r")) {
            file.seek(Math.max(0, file.length() - MOST_BYTES));
            var bytes = new byte[MOST_BYTES];
            var length = Math.max(0, file.read(bytes));
            return new String(bytes, 0, length, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }
}
