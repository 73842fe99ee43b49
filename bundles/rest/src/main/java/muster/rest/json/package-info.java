/** JSON on the way in, read strictly, and on the way out, as the API's types are shown. */
@NullMarked
package muster.rest.json;

import org.jspecify.annotations.NullMarked;
