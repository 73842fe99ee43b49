/** What users of Muster and its bundles share: jobs, tasks, workers, errors, and the services that hold them. */
@Export
@Version("0.1.0")
@NullMarked
package muster.api;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
