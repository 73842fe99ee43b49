/** What tasks found out, as a table that is asked by SQL. */
@NullMarked
package muster.manager.results;

import org.jspecify.annotations.NullMarked;
