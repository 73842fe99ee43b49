/** Files between nodes: where they are kept, and the connections that carry them. */
@Export
@Version("0.1.0")
@NullMarked
package muster.data;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
