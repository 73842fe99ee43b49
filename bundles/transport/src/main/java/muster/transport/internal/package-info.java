/** How messages look on the wire, and how they travel through the broker. */
@NullMarked
package muster.transport.internal;

import org.jspecify.annotations.NullMarked;
