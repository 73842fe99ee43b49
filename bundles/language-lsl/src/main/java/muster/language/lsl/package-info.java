/** LSL: studies in the syntax of Groovy, parsed and interpreted. */
@NullMarked
package muster.language.lsl;

import org.jspecify.annotations.NullMarked;
