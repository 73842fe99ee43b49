package muster.api.executor;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A process to be.
 *
 * @param file what is executed
 * @param arguments from the name it is called by
 * @param environment all of it
 * @param wrapped whether its first process is a runtime that starts and awaits the command, and tells its signal as shells
 *     do, by an exit code above 128: it is spared from SIGTERM, and so is the first process of a namespace that it makes
 * @param outputMode permission bits of the file for standard output where it is made; likewise {@code errorMode}
 */
public record Program(
        Path file,
        List<String> arguments,
        Map<String, String> environment,
        Path directory,
        Path stdin,
        Path stdout,
        int outputMode,
        Path stderr,
        int errorMode,
        boolean wrapped) {
    /** The same in all but what is executed, to begin with. */
    public Program as(Path otherFile, List<String> otherArguments, Map<String, String> otherEnvironment) {
        return new Program(
                otherFile,
                otherArguments,
                otherEnvironment,
                directory,
                stdin,
                stdout,
                outputMode,
                stderr,
                errorMode,
                wrapped);
    }
}
