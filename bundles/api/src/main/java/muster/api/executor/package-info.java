/** The service provider interface of executors: bundles that run tasks of one kind on a worker. */
@Export
@Version("0.1.0")
@NullMarked
package muster.api.executor;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
