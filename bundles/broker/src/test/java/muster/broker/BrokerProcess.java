package muster.broker;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import muster.transport.NodeIdentity;

/** An external broker in a Java of its own. */
final class BrokerProcess implements AutoCloseable {
    private static final String LISTENS = "muster-broker: listens on ";

    private final Process process;
    private final URI url;

    private BrokerProcess(Process process, URI url) {
        this.process = process;
        this.url = url;
    }

    /** Starts it and waits until it listens; 0 is any free port. */
    static BrokerProcess start(Path folder, NodeIdentity identity, int port) throws IOException {
        Files.createDirectories(folder);
        Files.copy(identity.keyStore(), folder.resolve("broker.p12"), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(identity.trustStore(), folder.resolve("trust.p12"), StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(folder.resolve("keystore.password"), identity.password() + "\n");
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        "-Dmuster.broker.host=127.0.0.1",
                        "-Dmuster.broker.port=" + port,
                        ExternalBroker.class.getName(),
                        folder.toString())
                .redirectError(folder.resolve("stderr").toFile())
                .start();
        // the stream stays open: closing it would break what the broker prints at its end
        var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith(LISTENS)) {
                return new BrokerProcess(process, URI.create(line.substring(LISTENS.length())));
            }
        }
        throw new AssertionError("the broker ended: " + Files.readString(folder.resolve("stderr")));
    }

    URI url() {
        return url;
    }

    /** Ends it as a crash does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            kill();
            throw new AssertionError("the broker did not stop in order");
        }
    }
}
