/** The HTTP face of Muster; it only translates. */
@NullMarked
package muster.rest;

import org.jspecify.annotations.NullMarked;
