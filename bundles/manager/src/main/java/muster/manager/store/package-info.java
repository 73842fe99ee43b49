/** What must outlive the manager's process. */
@NullMarked
package muster.manager.store;

import org.jspecify.annotations.NullMarked;
