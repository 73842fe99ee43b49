/** Tests of the store, against each database. */
@NullMarked
package muster.manager.store;

import org.jspecify.annotations.NullMarked;
