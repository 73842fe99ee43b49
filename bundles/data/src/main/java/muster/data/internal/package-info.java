/** HTTP/1.1 over mutual TLS by Netty and OpenSSL. */
@NullMarked
package muster.data.internal;

import org.jspecify.annotations.NullMarked;
