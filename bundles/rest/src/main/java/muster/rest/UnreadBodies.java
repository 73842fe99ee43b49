package muster.rest;

import java.io.IOException;
import java.io.InputStream;
import javax.ws.rs.container.ContainerRequestContext;
import javax.ws.rs.container.ContainerResponseContext;
import javax.ws.rs.container.ContainerResponseFilter;
import org.apache.cxf.io.DelegatingInputStream;
import org.apache.cxf.message.Message;
import org.apache.cxf.phase.PhaseInterceptorChain;

/** Keeps CXF from storing what nobody read of a body before it answers, which could be without end. */
public final class UnreadBodies implements ContainerResponseFilter {
    private final long mostBytes;

    /** @param mostBytes that a body may have */
    public UnreadBodies(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) throws IOException {
        Message message = PhaseInterceptorChain.getCurrentMessage();
        if (message == null || message.getExchange() == null) {
            return;
        }
        var in = message.getExchange().getInMessage();
        var body = in.getContent(DelegatingInputStream.class);
        if (body == null) {
            return;
        }
        if (response.getStatus() == 413) {
            // whoever is still sending does not listen: hear them out, within reason
            discard(body, mostBytes);
        }
        in.removeContent(DelegatingInputStream.class);
    }

    private static void discard(InputStream body, long limit) throws IOException {
        var bytes = new byte[1 << 16];
        for (long left = limit; left > 0; ) {
            var count = body.read(bytes);
            if (count < 0) {
                return;
            }
            left -= count;
        }
    }
}
