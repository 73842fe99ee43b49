package muster.cli.local;

import java.util.Locale;

/** What a node is. */
public enum Role {
    MANAGER,
    WORKER;

    /** Such as {@code manager}: the name of its distribution and of its warm data. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
