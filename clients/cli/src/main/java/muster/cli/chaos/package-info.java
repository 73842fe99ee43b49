/** The fault harness: kills, stops and cuts off the parts of a cluster, and checks what it promises. */
@NullMarked
package muster.cli.chaos;

import org.jspecify.annotations.NullMarked;
