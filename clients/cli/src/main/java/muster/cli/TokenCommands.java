package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import muster.cli.client.Client;
import muster.cli.client.ExitCode;
import muster.cli.client.Failure;
import muster.cli.client.Json;
import muster.cli.terminal.Table;
import muster.cli.terminal.Times;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands about tokens. */
@Command(
        name = "token",
        description = "Makes, lists and revokes tokens; for administrators.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {TokenCommands.Create.class, TokenCommands.ListTokens.class, TokenCommands.Revoke.class})
final class TokenCommands extends CommandGroup {
    @Command(
            name = "create",
            description = "Makes a token and prints it, once: it cannot be had again.",
            footer = {"", "To let a worker join: muster token create --worker"})
    static final class Create extends ClusterCommand {
        @Option(
                names = "--role",
                paramLabel = "ROLE",
                description = "viewer: see everything; user: submit and manage own jobs; operator: manage all jobs and"
                        + " workers; admin: tokens too")
        private @Nullable String role;

        @Option(names = "--worker", description = "One by which workers join, and nothing else")
        private boolean worker;

        @Option(names = "--owner", paramLabel = "NAME", description = "Whose jobs it submits; you by default")
        private @Nullable String owner;

        @Option(
                names = "--life",
                paramLabel = "TIME",
                description = "How long it is good, such as 30d, or never; 90d by default, 1h for a worker's")
        private @Nullable String life;

        @Option(
                names = "--uses",
                paramLabel = "N",
                description = "How many workers may join with it; one by default, any number with --life")
        private @Nullable Integer uses;

        Create(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            if (worker == (role != null)) {
                throw Failure.user("say what the token is for: --worker, or --role viewer, user, operator or admin");
            }
            var request = Json.object().put("role", worker ? "worker" : role);
            if (owner != null) {
                request.put("owner", owner);
            }
            if (life != null) {
                request.put("life", life);
            }
            if (uses != null) {
                request.put("uses", uses);
            }
            var made = client().post("/tokens", request);
            if (json) {
                print(made);
                return ExitCode.OK;
            }
            print(made.path("token").asText());
            var details = made.path("details");
            terminal()
                    .tell("token " + details.path("id").asText() + ": role "
                            + details.path("role").asText() + ", owner "
                            + details.path("owner").asText() + ", good until " + until(details));
            return ExitCode.OK;
        }
    }

    private static String until(JsonNode token) {
        var expires = token.path("expiresAt");
        return expires.isTextual() ? Times.local(expires.textValue()) : "revoked";
    }

    @Command(name = "list", description = "Lists tokens, without their secrets.")
    static final class ListTokens extends ClusterCommand {
        ListTokens(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var tokens = client().get("/tokens");
            if (json) {
                print(tokens);
                return ExitCode.OK;
            }
            var table = new Table("ID", "ROLE", "OWNER", "CREATED", "EXPIRES", "USES LEFT", "LAST USED");
            for (var token : tokens.path("items")) {
                table.row(
                        token.path("id").asText(),
                        token.path("role").asText(),
                        token.path("owner").asText(),
                        time(token.path("createdAt"), ""),
                        time(token.path("expiresAt"), "never"),
                        token.path("usesLeft").isInt() ? token.path("usesLeft").asText() : "-",
                        time(token.path("lastUsedAt"), "never"));
            }
            table.print(terminal());
            return ExitCode.OK;
        }

        private static String time(JsonNode time, String otherwise) {
            return time.isTextual() ? Times.local(time.textValue()) : otherwise;
        }
    }

    @Command(name = "revoke", description = "Makes tokens good for nothing, at once.")
    static final class Revoke extends ClusterCommand {
        @Parameters(paramLabel = "ID", arity = "1..*")
        private List<String> ids;

        Revoke(Context context) {
            super(context);
        }

        @Override
        public Integer call() {
            var client = client();
            for (var id : ids) {
                client.delete(Client.path("tokens", id));
                if (!json) {
                    print("token " + id + " is revoked");
                }
            }
            return ExitCode.OK;
        }
    }
}
