/** Measures parts alone; {@code ./muster bench} measures a running cluster. */
@NullMarked
package muster.benchmarks;

import org.jspecify.annotations.NullMarked;
