/** A year of sunlight on a mountain: the program that the demo's tasks run. */
@NullMarked
package muster.demo;

import org.jspecify.annotations.NullMarked;
