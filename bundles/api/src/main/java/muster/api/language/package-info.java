/** What languages and their manager owe each other: turning scripts into jobs. */
@Export
@Version("0.1.0")
@NullMarked
package muster.api.language;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
