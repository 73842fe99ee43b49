/** JX: JSON with expressions, functions and comprehensions, as its public manual describes it. */
@NullMarked
package muster.language.makeflow.jx;

import org.jspecify.annotations.NullMarked;
