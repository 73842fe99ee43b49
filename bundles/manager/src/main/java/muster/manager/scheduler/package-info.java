/** Which task runs on which worker: state in, decisions out; no clock, no lock, no I/O. */
@NullMarked
package muster.manager.scheduler;

import org.jspecify.annotations.NullMarked;
