package muster.rest.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Quantity;
import muster.api.Role;
import muster.api.TokenRequest;
import org.jspecify.annotations.Nullable;

/** Reads what token is to be made. */
public final class TokenRequestReader {
    private static final Set<String> KNOWN = new LinkedHashSet<>(List.of("role", "owner", "life", "uses"));
    private static final Duration LIFE = Duration.ofDays(90);
    private static final Duration WORKERS_LIFE = Duration.ofHours(1);
    private static final String FOR_EVER = "never";

    private TokenRequestReader() {}

    /**
     * The request that {@code root} describes; else INVALID with every fault.
     *
     * @param caller the owner, where none is named
     */
    public static TokenRequest read(JsonNode root, String caller) {
        var faults = new Faults();
        var request = Fields.of(root, "", "a token", KNOWN, faults).flatMap(fields -> read(fields, faults, caller));
        faults.throwIfAny();
        return request.orElseThrow();
    }

    private static Optional<TokenRequest> read(Fields fields, Faults faults, String caller) {
        if (!fields.has("role")) {
            faults.add(fields.at("role"), "role is missing; write worker, viewer, user, operator or admin");
        }
        var role = fields.string("role").flatMap(text -> faults.check(fields.at("role"), () -> role(text)));
        var owner = fields.has("owner")
                ? fields.string("owner")
                        .flatMap(text -> faults.check(fields.at("owner"), () -> Names.requireOwner(text)))
                : Optional.of(caller);
        var uses = fields.integer("uses");
        var life = fields.string("life");
        if (!faults.none() || role.isEmpty() || owner.isEmpty()) {
            return Optional.empty();
        }
        var worker = role.get() == Role.WORKER;
        return faults.check(
                fields.at(life.isPresent() ? "life" : "role"),
                () -> new TokenRequest(
                        owner.get(),
                        role.get(),
                        life(life.orElse(null), worker ? WORKERS_LIFE : LIFE),
                        uses.orElse(worker && life.isEmpty() ? 1 : null)));
    }

    private static Role role(String text) {
        var words = Stream.of(Role.values()).map(Json::word).toList();
        return Stream.of(Role.values())
                .filter(role -> Json.word(role).equals(text))
                .findFirst()
                .orElseThrow(() -> MusterException.invalid(
                        "role '" + Words.shown(text) + "' is not known; " + Words.remedy(text, words)));
    }

    private static @Nullable Duration life(@Nullable String text, Duration otherwise) {
        if (text == null) {
            return otherwise;
        }
        if (text.length() > 40) {
            throw MusterException.invalid("life '" + Words.shown(text) + "' is no duration; write such as 90d");
        }
        return text.equals(FOR_EVER) ? null : Quantity.parseDuration(text);
    }
}
