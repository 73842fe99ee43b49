package muster.cli.client;

/** What opens a cluster, and names the authority of the one that may hear it. */
public sealed interface Credentials permits Token, Password {
    /** The header by which a manager knows who asks. */
    String authorization();

    /** Whose managers alone may hear it. */
    Authority authority();

    /** What is wrong when a manager knows nobody by it, and the remedy. */
    String unknown();
}
