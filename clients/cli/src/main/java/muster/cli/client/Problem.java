package muster.cli.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/** Turns a manager's refusal (RFC 9457) into what the user is told. */
final class Problem {
    private static final int UNAUTHORIZED = 401;

    private Problem() {}

    static Failure of(URI manager, int status, String body, Credentials shown) {
        if (status == UNAUTHORIZED) {
            return Failure.user("the manager at " + manager + " " + shown.unknown());
        }
        var problem = parse(body);
        var detail = problem.path("detail").asText(problem.path("title").asText(""));
        if (detail.isEmpty()) {
            return new Failure(
                    status < 500 ? ExitCode.USER : ExitCode.EXTERNAL,
                    "the manager at " + manager + " answered with HTTP status " + status
                            + " and no reason; see its log",
                    List.of(),
                    null);
        }
        var code = problem.has("kind")
                ? ExitCode.ofKind(problem.path("kind").asText())
                : status < 500 ? ExitCode.USER : ExitCode.EXTERNAL;
        var faults = new ArrayList<String>();
        for (var error : problem.path("errors")) {
            faults.add(fault(error));
        }
        if (faults.size() == 1) {
            return new Failure(code, faults.get(0), List.of(), null);
        }
        return faults.isEmpty()
                ? new Failure(code, detail, List.of(), null)
                : new Failure(code, "the request has " + faults.size() + " faults", faults, null);
    }

    private static String fault(JsonNode error) {
        var pointer = error.path("pointer").asText("");
        var detail = error.path("detail").asText("");
        return pointer.isEmpty() ? detail : pointer + ": " + detail;
    }

    private static JsonNode parse(String body) {
        try {
            return Json.read(body);
        } catch (JsonProcessingException e) {
            // a proxy's page, or nothing: the status says what there is to say
            return Json.object();
        }
    }
}
