/** Tests of the commands against services in memory. */
@NullMarked
package muster.shell;

import org.jspecify.annotations.NullMarked;
