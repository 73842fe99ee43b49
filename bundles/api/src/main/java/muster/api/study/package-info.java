/** What studies and the types of their actions owe each other: which tasks an action comes to. */
@Export
@Version("0.1.0")
@NullMarked
package muster.api.study;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
