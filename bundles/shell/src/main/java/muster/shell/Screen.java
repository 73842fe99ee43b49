package muster.shell;

import java.io.PrintStream;
import org.apache.felix.service.command.Process;
import org.apache.karaf.shell.api.console.Session;

/**
 * Where a command writes, and for whom.
 *
 * @param width columns of the terminal; 0 when nothing bounds a line
 * @param colored whether colors are understood
 * @param user who gave the command
 */
record Screen(PrintStream out, int width, boolean colored, String user) {
    /** The screen of the command that the calling thread runs: bounded and colored only if it is a terminal itself. */
    static Screen of(Session session, PrintStream out) {
        var user = session.get("USER");
        var name = user == null ? "console" : user.toString();
        var terminal = session.getTerminal();
        var process = Process.Utils.current();
        var piped = process != null && !process.isTty(1);
        if (terminal == null
                || piped
                || !terminal.isAnsiSupported()
                || terminal.getType().startsWith("dumb")) {
            return new Screen(out, 0, false, name);
        }
        return new Screen(out, terminal.getWidth(), true, name);
    }

    void line(String text) {
        out.println(text);
    }

    /** The text with the style, where colors are understood. */
    String styled(Style style, String text) {
        return colored && style != Style.PLAIN ? "\u001b[" + style.code() + "m" + text + "\u001b[0m" : text;
    }
}
