/** What a script says: its tree, without anything of Groovy but what studies may use. */
@NullMarked
package muster.language.lsl.syntax;

import org.jspecify.annotations.NullMarked;
