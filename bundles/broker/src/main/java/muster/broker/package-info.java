/** The embedded broker: an Artemis server that carries messages between manager and workers, and keeps none. */
@NullMarked
package muster.broker;

import org.jspecify.annotations.NullMarked;
