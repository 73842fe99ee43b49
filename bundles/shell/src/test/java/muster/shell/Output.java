package muster.shell;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Keeps what a command writes. */
final class Output {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    Screen plain() {
        return new Screen(out, 0, false, "ann");
    }

    Screen terminal(int width) {
        return new Screen(out, width, true, "ann");
    }

    Screen narrow(int width) {
        return new Screen(out, width, false, "ann");
    }

    String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    List<String> lines() {
        return text().lines().toList();
    }
}
