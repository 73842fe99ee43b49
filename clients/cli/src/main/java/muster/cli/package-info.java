/** The command line client: each command is a few fields and one call. */
@NullMarked
package muster.cli;

import org.jspecify.annotations.NullMarked;
