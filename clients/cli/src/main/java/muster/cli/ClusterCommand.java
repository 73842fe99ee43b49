package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import muster.cli.client.Client;
import muster.cli.client.Configuration;
import muster.cli.client.Connection;
import muster.cli.client.Json;
import muster.cli.client.Patience;
import muster.cli.terminal.Terminal;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that talks to a cluster. */
@Command(mixinStandardHelpOptions = true, versionProvider = Muster.Version.class, sortOptions = false)
abstract class ClusterCommand implements Callable<Integer> {
    /** How long a command that waits goes on while the manager is away. */
    private static final Duration BOUND = Duration.ofMinutes(10);

    protected final Context context;

    @Spec
    private CommandSpec command;

    @Option(names = "--url", paramLabel = "URL", description = "Address of the manager", order = 90)
    private @Nullable String url;

    @Option(names = "--token", paramLabel = "TOKEN", description = "Token of the cluster", order = 91)
    private @Nullable String token;

    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            description = "File with NAME:PASSWORD, instead of a token",
            order = 91)
    private @Nullable Path passwordFile;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "Certificate of the cluster's authority, which a password does not name",
            order = 91)
    private @Nullable Path authority;

    @Option(names = "--json", description = "Print what the manager answers, as JSON", order = 92)
    protected boolean json;

    ClusterCommand(Context context) {
        this.context = context;
    }

    /** The names of the options that were given, of those that are declared by such fields. */
    protected final List<String> given(Predicate<Field> declared) {
        return command.commandLine().getParseResult().matchedOptionsSet().stream()
                .filter(option -> option.userObject() instanceof Field field && declared.test(field))
                .map(OptionSpec::longestName)
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /** A client that fails at once when the manager is away. */
    protected final Client client() {
        return new Client(connection());
    }

    /** The cluster that is meant, whether anybody is there or not. */
    protected final Connection connection() {
        return context.configuration().connection(new Configuration.Flags(url, token, passwordFile, authority));
    }

    /** How long to wait for a manager that went away while something is waited for. */
    protected final Patience patience() {
        return new Patience(BOUND, terminal()::tell);
    }

    protected final Terminal terminal() {
        return context.terminal();
    }

    protected final void print(String line) {
        terminal().out().println(line);
    }

    protected final void print(JsonNode tree) {
        terminal().out().println(Json.pretty(tree));
    }
}
