/** REST on a real port over services in memory. */
@NullMarked
package muster.rest;

import org.jspecify.annotations.NullMarked;
