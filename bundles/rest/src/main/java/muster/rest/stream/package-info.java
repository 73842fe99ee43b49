/** Answers without an end in sight, written as fast as the client takes them, with no thread held. */
@NullMarked
package muster.rest.stream;

import org.jspecify.annotations.NullMarked;
