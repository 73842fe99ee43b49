package muster.executor.singularity;

import java.util.List;
import java.util.regex.Pattern;
import muster.api.MusterException;
import muster.api.Names;

/**
 * The image that a task names.
 *
 * @param text as the task has it
 * @param source a path, or a URI
 */
record Image(String text, Kind kind, String source) {
    private static final String ARCHIVE = "docker-archive:";
    private static final Pattern ARCHIVE_FILE = Pattern.compile(".*\\.(tar|tar\\.gz|tgz)");
    private static final Pattern FILE = Pattern.compile("(/|\\./|\\.\\./).*|.*\\.(sif|simg|img|sqsh|squashfs)");
    private static final Pattern SCHEME = Pattern.compile("([a-z][a-z0-9+.-]*)://.+");
    private static final List<String> SCHEMES = List.of("docker", "oras", "library", "https");

    /** What has to be done before it can be started. */
    enum Kind {
        /** Nothing: it is a file, or a folder with a root file system. */
        FILE,
        /** Converted: it is an archive that {@code docker save} made. */
        ARCHIVE,
        /** Fetched from a registry. */
        REMOTE
    }

    static Image of(String text) {
        if (text.isBlank() || text.startsWith("-")) {
            throw MusterException.invalid("image '" + Names.escape(text)
                    + "' is no image; name a file, a folder or an image of a registry, such as docker://debian:12");
        }
        var scheme = SCHEME.matcher(text);
        if (scheme.matches()) {
            if (!SCHEMES.contains(scheme.group(1))) {
                throw MusterException.invalid("image '" + Names.escape(text) + "' is of no kind that can be fetched: "
                        + String.join("://, ", SCHEMES) + "://; name one of these, or a path");
            }
            return new Image(text, Kind.REMOTE, text);
        }
        if (text.startsWith(ARCHIVE)) {
            return new Image(text, Kind.ARCHIVE, text.substring(ARCHIVE.length()));
        }
        if (ARCHIVE_FILE.matcher(text).matches()) {
            return new Image(text, Kind.ARCHIVE, text);
        }
        return FILE.matcher(text).matches()
                ? new Image(text, Kind.FILE, text)
                : new Image(text, Kind.REMOTE, "docker://" + text);
    }
}
