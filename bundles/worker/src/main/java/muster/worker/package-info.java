/** A worker: enrols, tells what it has, runs what it is given, and keeps results until they are confirmed. */
@NullMarked
package muster.worker;

import org.jspecify.annotations.NullMarked;
