package muster.api.language;

import java.util.Set;
import java.util.TreeSet;

/** A script asks for files or variables that were not sent with it. */
public final class MissingSources extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final TreeSet<String> files;
    private final TreeSet<String> variables;
    private final TreeSet<String> contents;

    /**
     * @param files whose text is missing
     * @param variables of the user's environment
     * @param contents files and folders that were not uploaded
     */
    public MissingSources(Set<String> files, Set<String> variables, Set<String> contents) {
        super("the script asks for files " + files + ", variables " + variables + " and contents " + contents
                + " of its user");
        this.files = new TreeSet<>(files);
        this.variables = new TreeSet<>(variables);
        this.contents = new TreeSet<>(contents);
    }

    /** What it includes, whose text is to be sent. */
    public Set<String> files() {
        return files;
    }

    public Set<String> variables() {
        return variables;
    }

    /** What its tasks take, to be uploaded. */
    public Set<String> contents() {
        return contents;
    }
}
