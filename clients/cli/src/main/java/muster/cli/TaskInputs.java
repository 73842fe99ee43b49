package muster.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import muster.cli.client.Failure;

/** Turns {@code --input} into what a specification says of it; files of this machine are uploaded, unless workers see them as well. */
final class TaskInputs {
    private static final Pattern ELSEWHERE = Pattern.compile("(https?|task|file|sha256):.*");

    private final Function<Path, String> upload;
    private final Supplier<List<Path>> sharedFolders;

    /**
     * @param upload brings a file to the manager and gives the name of its content
     * @param sharedFolders what is seen at the same path here and on every worker: nothing below is uploaded
     */
    TaskInputs(Function<Path, String> upload, Supplier<List<Path>> sharedFolders) {
        this.upload = upload;
        this.sharedFolders = sharedFolders;
    }

    /** @param text a file, folder or other source, and after {@code =} the name that the task sees */
    void put(ArrayNode inputs, String text) {
        var equals = text.lastIndexOf('=');
        var source = equals < 0 ? text : text.substring(0, equals);
        var name = equals < 0 ? "" : text.substring(equals + 1);
        if (source.startsWith(CopyCommand.REMOTE)) {
            source = source.substring(CopyCommand.REMOTE.length());
            if (Pattern.matches("[0-9]+\\..*", source)) {
                source = "task:" + source;
            }
        }
        if (ELSEWHERE.matcher(source).matches()) {
            put(inputs, name.isEmpty() ? lastPart(source) : name, source, false);
            return;
        }
        var path = Path.of(source);
        if (!Files.exists(path)) {
            throw Failure.user("--input " + text + ": there is no file or folder " + source + "; correct its name");
        }
        var absolute = path.toAbsolutePath().normalize();
        var to = name.isEmpty() ? fileName(absolute) : name;
        if (sharedFolders.get().stream().anyMatch(absolute::startsWith)) {
            put(inputs, to, "file:" + absolute, false);
            return;
        }
        files(path)
                .forEach((below, file) -> put(
                        inputs, below.isEmpty() ? to : to + "/" + below, upload.apply(file), Files.isExecutable(file)));
    }

    /** The files of a folder by their names below it; or the file itself, by an empty name. */
    static SortedMap<String, Path> files(Path path) {
        try (var all = Files.walk(path)) {
            return all.filter(Files::isRegularFile)
                    .collect(Collectors.toMap(
                            file -> path.relativize(file).toString(), file -> file, (one, other) -> one, TreeMap::new));
        } catch (IOException e) {
            throw Failure.user("cannot read " + path + ": " + e, e);
        }
    }

    private static void put(ArrayNode inputs, String name, String source, boolean executable) {
        var input = inputs.addObject().put("name", name).put("from", source);
        if (executable) {
            input.put("executable", true);
        }
    }

    private static String fileName(Path path) {
        return Objects.requireNonNull(path.getFileName(), "a root has no name").toString();
    }

    private static String lastPart(String source) {
        var path = source.startsWith("http")
                ? Objects.requireNonNullElse(URI.create(source).getPath(), "")
                : source;
        var end = path.endsWith("/") ? path.length() - 1 : path.length();
        var name = path.substring(path.lastIndexOf('/', end - 1) + 1, end);
        if (name.isEmpty() || source.startsWith("sha256:")) {
            throw Failure.user("--input " + source + " has no name; write --input " + source + "=NAME");
        }
        return name;
    }
}
