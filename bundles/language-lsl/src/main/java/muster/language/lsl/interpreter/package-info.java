/** What a script means: values, words and a bounded interpreter. */
@NullMarked
package muster.language.lsl.interpreter;

import org.jspecify.annotations.NullMarked;
