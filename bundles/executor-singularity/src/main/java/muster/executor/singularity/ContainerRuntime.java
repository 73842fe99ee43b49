package muster.executor.singularity;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Apptainer or Singularity.
 *
 * @param prefix of the variables that it reads, such as {@code APPTAINER}
 */
record ContainerRuntime(Path program, String version, String prefix) {
    /** @param version as {@code --version} prints it */
    static ContainerRuntime of(Path program, String version) {
        var name = version.toLowerCase(Locale.ROOT).startsWith("apptainer") ? "APPTAINER" : "SINGULARITY";
        return new ContainerRuntime(program, version, name);
    }

    /** The start of a command that runs a command in a container. */
    List<String> exec() {
        return begin("exec");
    }

    List<String> begin(String verb) {
        return List.of(program.toString(), "--silent", verb, "--containall", "--no-privs", "--no-eval");
    }

    /** What the container's processes find in their environment under this name. */
    String inside(String name) {
        return prefix + "ENV_" + name;
    }
}
