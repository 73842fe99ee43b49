/** Makeflow: rules that make files from files, in the classic form and in JX. */
@NullMarked
package muster.language.makeflow;

import org.jspecify.annotations.NullMarked;
