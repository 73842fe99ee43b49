/** What became of a job, for people and for other programs: a page, a trace and a graph. */
@NullMarked
package muster.rest.report;

import org.jspecify.annotations.NullMarked;
