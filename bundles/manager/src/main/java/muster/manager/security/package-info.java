/** The cluster's CA, its tokens and the manager's own certificate. */
@NullMarked
package muster.manager.security;

import org.jspecify.annotations.NullMarked;
