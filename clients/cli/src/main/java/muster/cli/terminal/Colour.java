package muster.cli.terminal;

import java.util.Locale;

/** Colours of a terminal (ECMA-48). */
public enum Colour {
    GREEN("32"),
    RED("31"),
    YELLOW("33"),
    CYAN("36"),
    DIM("2"),
    BOLD("1"),
    PLAIN("0");

    static final String OFF = "\u001b[0m";

    private final String code;

    Colour(String code) {
        this.code = code;
    }

    String on() {
        return "\u001b[" + code + "m";
    }

    /** The colour in which a state of a job, a task or a worker is shown. */
    public static Colour ofState(String state) {
        return switch (state.toLowerCase(Locale.ROOT)) {
            case "succeeded", "online" -> GREEN;
            case "failed", "lost", "missing" -> RED;
            case "canceled", "ignored", "draining" -> YELLOW;
            case "running", "assigned" -> CYAN;
            default -> PLAIN;
        };
    }
}
