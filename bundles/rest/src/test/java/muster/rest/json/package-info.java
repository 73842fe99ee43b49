/** Jobs as people write them, right and wrong. */
@NullMarked
package muster.rest.json;

import org.jspecify.annotations.NullMarked;
