/** Executors and a language that tests deploy while a node runs. */
@NullMarked
package muster.itests.hot;

import org.jspecify.annotations.NullMarked;
