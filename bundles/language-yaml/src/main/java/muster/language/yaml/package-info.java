/** Muster's own form of workflows, in YAML: tasks, what they need, and how one becomes many. */
@NullMarked
package muster.language.yaml;

import org.jspecify.annotations.NullMarked;
