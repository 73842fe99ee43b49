/** Commands of the console; they only translate between the services and a terminal. */
@NullMarked
package muster.shell;

import org.jspecify.annotations.NullMarked;
