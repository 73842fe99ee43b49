package muster.executor.process;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A process to be.
 *
 * @param file what is executed
 * @param arguments from the name it is called by
 * @param environment all of it
 * @param outputMode permission bits of the file for standard output where it is made; likewise {@code errorMode}
 */
record Program(
        Path file,
        List<String> arguments,
        Map<String, String> environment,
        Path directory,
        Path stdin,
        Path stdout,
        int outputMode,
        Path stderr,
        int errorMode) {}
