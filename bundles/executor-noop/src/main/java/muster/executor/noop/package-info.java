/** The executor of tasks that do nothing. */
@NullMarked
package muster.executor.noop;

import org.jspecify.annotations.NullMarked;
