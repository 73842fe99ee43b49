/** Runs tasks in containers of a Docker Engine or Podman on this machine. */
@NullMarked
package muster.executor.docker;

import org.jspecify.annotations.NullMarked;
