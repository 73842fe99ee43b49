package muster.executor.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.executor.Program;
import muster.api.executor.SystemUser;

/**
 * Has programs run as another user. The process begins as {@code setpriv} of util-linux with root's rights, which takes
 * the user's identity on and becomes the program. A thread of the JVM that took on the identity itself, for its child to
 * have it, would be open to that user's signals meanwhile.
 */
final class AnotherUser {
    private static final Path ENV = Path.of("/usr/bin/env");

    /**
     * Variables by which a dynamic linker or C library loads code or opens files: {@code setpriv} must not get them while
     * it is root. Those that glibc takes from set-user-ID programs (unsecvars.h); some kernels count this as one.
     */
    private static final Set<String> UNSAFE = Set.of(
            "GCONV_PATH",
            "GETCONF_DIR",
            "GLIBC_TUNABLES",
            "HOSTALIASES",
            "LOCALDOMAIN",
            "LOCPATH",
            "NIS_PATH",
            "NLSPATH",
            "RESOLV_HOST_CONF",
            "RES_OPTIONS",
            "TMPDIR",
            "TZDIR");

    private AnotherUser() {}

    /** @throws MusterException UNAVAILABLE without {@code setpriv} */
    static Program become(SystemUser user, Program program) {
        var arguments = new ArrayList<String>();
        arguments.add("setpriv");
        arguments.add("--reuid=" + user.uid());
        arguments.add("--regid=" + user.gid());
        arguments.add(
                user.groups().isEmpty()
                        ? "--clear-groups"
                        : "--groups="
                                + user.groups().stream().map(String::valueOf).collect(Collectors.joining(",")));
        arguments.add("--inh-caps=-all");
        arguments.add("--");
        var environment = new TreeMap<>(program.environment());
        if (environment.keySet().removeIf(AnotherUser::isUnsafe)) {
            // they come back once it is the user's
            arguments.add(ENV.toString());
            program.environment().forEach((name, value) -> {
                if (isUnsafe(name)) {
                    arguments.add(name + "=" + value);
                }
            });
        }
        arguments.add(program.file().toString());
        arguments.addAll(program.arguments().subList(1, program.arguments().size()));
        return program.as(setpriv(user), arguments, Map.copyOf(environment));
    }

    private static boolean isUnsafe(String name) {
        return name.startsWith("LD_") || name.startsWith("MALLOC_") || UNSAFE.contains(name);
    }

    private static Path setpriv(SystemUser user) {
        return Stream.of("/usr/bin/setpriv", "/bin/setpriv")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new MusterException(
                        ErrorCode.UNAVAILABLE,
                        "tasks run here as user '" + user.name() + "', which needs setpriv; install util-linux"));
    }
}
