/** The types of actions that are always there. */
@NullMarked
package muster.language.lsl.action;

import org.jspecify.annotations.NullMarked;
