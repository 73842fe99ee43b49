package muster.executor.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import muster.api.Names;

/**
 * What a daemon answered.
 *
 * @param status of HTTP; 0 if no answer came
 * @param text its body; why no answer came
 */
record Reply(int status, String text) {
    static final ObjectMapper JSON = new ObjectMapper();

    boolean ok() {
        return status >= 200 && status < 300;
    }

    /** Its body; a missing node if that is no JSON. */
    JsonNode json() {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }

    /** The reason of a refusal, on one line. */
    String message() {
        var message = json().path("message").asText(text);
        return Names.escape(message.strip());
    }
}
