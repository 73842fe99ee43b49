/** Tests of the cluster's secrets. */
@NullMarked
package muster.manager.security;

import org.jspecify.annotations.NullMarked;
