/** Runs tasks as processes of this machine. */
@NullMarked
package muster.executor.process;

import org.jspecify.annotations.NullMarked;
