/** Tests of the demo's program. */
@NullMarked
package muster.demo;

import org.jspecify.annotations.NullMarked;
