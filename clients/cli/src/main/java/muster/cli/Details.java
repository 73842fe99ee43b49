package muster.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import muster.cli.terminal.Colour;
import muster.cli.terminal.Terminal;
import muster.cli.terminal.Times;

/** Prints one thing as lines of name and value; what is empty is left out. */
final class Details {
    private static final int NAME_WIDTH = 12;

    private final Terminal terminal;

    Details(Terminal terminal) {
        this.terminal = terminal;
    }

    Details line(String name, JsonNode value) {
        return line(
                name,
                value.isArray()
                        ? StreamSupport.stream(value.spliterator(), false)
                                .map(JsonNode::asText)
                                .collect(Collectors.joining(", "))
                        : value.isNull() ? "" : value.asText());
    }

    Details line(String name, String value) {
        return print(name, Colour.PLAIN, value);
    }

    Details state(String name, JsonNode value) {
        return print(name, Colour.ofState(value.asText()), value.asText());
    }

    Details time(String name, JsonNode value) {
        return line(name, value.isTextual() ? Times.local(value.textValue()) : "");
    }

    private Details print(String name, Colour colour, String value) {
        if (!value.isEmpty()) {
            var text = Terminal.safe(value);
            terminal.out()
                    .println(terminal.paint(Colour.DIM, (name + " ".repeat(NAME_WIDTH)).substring(0, NAME_WIDTH))
                            + (colour == Colour.PLAIN ? text : terminal.paint(colour, text)));
        }
        return this;
    }
}
