/** Runs tasks in containers of Apptainer or Singularity. */
@NullMarked
package muster.executor.singularity;

import org.jspecify.annotations.NullMarked;
