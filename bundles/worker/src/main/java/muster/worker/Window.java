package muster.worker;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import muster.api.AttemptId;
import muster.api.Caller;
import muster.api.ErrorCode;
import muster.api.LogStream;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.TaskId;
import muster.data.DataPlane;

/**
 * What users may see at the worker's own port, whether its manager is there or not; to look at, nothing to change:
 *
 * <pre>
 * GET /v1/worker                                 what it is, what it offers and what is here
 * GET /v1/attempts/17.3@1/log?stream=stdout&offset=0   what an attempt wrote, at most 1 MiB of it
 * GET /v1/attempts/17.3@1/files                  what is in its workspace, at most 10,000 files
 * GET /v1/attempts/17.3@1/files/out/a.txt        a file of it
 * </pre>
 *
 * <p>Thread-safe.
 */
final class Window {
    private static final String WORKER = "/v1/worker";
    private static final String ATTEMPTS = "/v1/attempts/";
    private static final String FILES = "files";
    private static final int CHUNK_BYTES = 1 << 20;
    private static final int MOST_FILES = 10_000;

    private final Agent agent;

    Window(Agent agent) {
        this.agent = agent;
    }

    DataPlane.Answer answer(String key, String url) throws IOException {
        var caller = agent.grants().caller(key);
        var query = url.indexOf('?');
        var path = query < 0 ? url : url.substring(0, query);
        if (path.equals(WORKER)) {
            return new DataPlane.Answer.Text(worker(caller));
        }
        if (!path.startsWith(ATTEMPTS)) {
            throw MusterException.notFound(
                    "there is no such path; ask for " + WORKER + " or " + ATTEMPTS + "17.3@1/log");
        }
        var parts = path.substring(ATTEMPTS.length()).split("/", 3);
        var attempt = attempt(decoded(parts[0]));
        agent.grants().requireSees(caller, attempt.task().job());
        var what = parts.length < 2 ? "" : parts[1];
        if (what.equals("log") && parts.length == 2) {
            return new DataPlane.Answer.Bytes(log(attempt, query < 0 ? "" : url.substring(query + 1)));
        }
        if (what.equals(FILES)) {
            return parts.length == 2
                    ? new DataPlane.Answer.Text(files(workspace(attempt)))
                    : new DataPlane.Answer.Opened(file(workspace(attempt), decoded(parts[2])));
        }
        throw MusterException.notFound("an attempt has log and files here");
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new MusterException(ErrorCode.INVALID, "the path is not escaped as in a URL", e);
        }
    }

    private static AttemptId attempt(String text) {
        var at = text.indexOf('@');
        try {
            return new AttemptId(TaskId.parse(text.substring(0, at)), Integer.parseInt(text.substring(at + 1)));
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new MusterException(
                    ErrorCode.INVALID, "'" + Names.escape(text) + "' is no attempt; write such as 17.3@1", e);
        }
    }

    private String worker(Caller caller) {
        var grants = agent.grants();
        var executors = agent.executors().stream()
                .map(executor -> quoted(executor.name()))
                .collect(Collectors.joining(","));
        var attempts = agent.held().stream()
                .filter(attempt -> grants.sees(caller, attempt.id().task().job()))
                .map(this::attempt)
                .collect(Collectors.joining(","));
        return "{\"id\":" + quoted(agent.node().id()) + ",\"version\":"
                + quoted(agent.node().version()) + ",\"executors\":[" + executors + "],\"attempts\":[" + attempts
                + "]}\n";
    }

    private String attempt(TaskAttempt attempt) {
        var started = attempt.startedAt;
        return "{\"attempt\":" + quoted(attempt.id().toString()) + ",\"owner\":"
                + quoted(agent.grants().owner(attempt.id().task().job())) + ",\"executor\":"
                + quoted(attempt.template().executor()) + ",\"state\":"
                + quoted(attempt.state().name().toLowerCase(Locale.ROOT)) + ",\"startedAt\":"
                + (started == null ? "null" : quoted(started.toString())) + "}";
    }

    private byte[] log(AttemptId attempt, String query) {
        var stream = LogStream.STDOUT;
        var offset = 0L;
        for (var part : query.split("&")) {
            if (part.equals("stream=stderr")) {
                stream = LogStream.STDERR;
            } else if (part.startsWith("offset=")) {
                offset = offset(part.substring("offset=".length()));
            } else if (!part.isEmpty() && !part.equals("stream=stdout")) {
                throw MusterException.invalid("a log has stream=stdout or stderr, and an offset");
            }
        }
        return agent.log(attempt, stream, offset, CHUNK_BYTES);
    }

    private static long offset(String text) {
        try {
            var offset = Long.parseLong(text);
            if (offset >= 0) {
                return offset;
            }
        } catch (NumberFormatException e) {
            throw new MusterException(ErrorCode.INVALID, "the offset is no number of bytes", e);
        }
        throw MusterException.invalid("the offset is negative");
    }

    private Path workspace(AttemptId id) throws IOException {
        for (var attempt : agent.held()) {
            if (attempt.id().equals(id)) {
                var workspace = attempt.showWorkspace();
                if (workspace != null) {
                    return workspace.toRealPath();
                }
                throw MusterException.notFound(
                        "attempt " + id + " has no workspace of its own, or none yet; only what is in one is shown");
            }
        }
        throw MusterException.notFound("attempt " + id + " is not on this worker any more, and its workspace is gone");
    }

    private static String files(Path workspace) throws IOException {
        var found = new ArrayList<String>();
        var more = new AtomicBoolean();
        Files.walkFileTree(workspace, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile()) {
                    if (found.size() == MOST_FILES) {
                        more.set(true);
                        return FileVisitResult.TERMINATE;
                    }
                    found.add("{\"path\":" + quoted(workspace.relativize(file).toString()) + ",\"bytes\":"
                            + attributes.size() + "}");
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                // the task removes files as it runs
                return FileVisitResult.CONTINUE;
            }
        });
        found.sort(null);
        return "{\"files\":[" + String.join(",", found) + "]" + (more.get() ? ",\"more\":true" : "") + "}\n";
    }

    /** A file that is in the workspace itself: a link may lead anywhere, and come at any time. */
    private static FileChannel file(Path workspace, String name) throws IOException {
        var path = Path.of(Names.requirePath("file", name));
        try (var folder = Files.newDirectoryStream(workspace)) {
            if (folder instanceof SecureDirectoryStream<Path> secure) {
                return open(secure, path, 0);
            }
            throw new IOException("this system cannot read it without following links");
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.NOT_FOUND,
                    "there is no file '" + Names.escape(name) + "' in the workspace that is no link",
                    e);
        }
    }

    private static FileChannel open(SecureDirectoryStream<Path> folder, Path path, int depth) throws IOException {
        var name = path.getName(depth);
        if (depth < path.getNameCount() - 1) {
            try (var below = folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
                return open(below, path, depth + 1);
            }
        }
        var attributes = folder.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .readAttributes();
        if (!attributes.isRegularFile()) {
            throw new NoSuchFileException(path.toString());
        }
        return (FileChannel) folder.newByteChannel(name, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    }

    private static String quoted(String text) {
        var out = new StringBuilder("\"");
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
