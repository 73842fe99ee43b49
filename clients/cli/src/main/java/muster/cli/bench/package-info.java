/** What a cluster manages, measured from where its users stand: through REST. */
@NullMarked
package muster.cli.bench;

import org.jspecify.annotations.NullMarked;
