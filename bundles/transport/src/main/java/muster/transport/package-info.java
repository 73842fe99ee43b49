/** The wire between manager and workers: two message types and the links that carry them. */
@Export
@Version("0.1.0")
@NullMarked
package muster.transport;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
