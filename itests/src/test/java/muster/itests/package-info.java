/** Tests of the distributions as they are shipped, and of rules that hold across bundles. */
@NullMarked
package muster.itests;

import org.jspecify.annotations.NullMarked;
