/** Finds a cluster's manager, trusts it by the token alone, and talks to its REST interface. */
@NullMarked
package muster.cli.client;

import org.jspecify.annotations.NullMarked;
