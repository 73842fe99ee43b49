/** Clusters of real processes on this machine: {@code up}, {@code down} and {@code demo}. */
@NullMarked
package muster.cli.local;

import org.jspecify.annotations.NullMarked;
