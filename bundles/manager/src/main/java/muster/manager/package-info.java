/** Takes jobs, decides what runs where, and remembers what became of it. */
@NullMarked
package muster.manager;

import org.jspecify.annotations.NullMarked;
