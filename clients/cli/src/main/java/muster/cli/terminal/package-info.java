/** What people see: tables, progress, colours, and Ctrl-C. */
@NullMarked
package muster.cli.terminal;

import org.jspecify.annotations.NullMarked;
