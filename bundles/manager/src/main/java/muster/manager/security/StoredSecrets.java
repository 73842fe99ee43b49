package muster.manager.security;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.manager.store.Store;
import muster.manager.store.Write;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Secrets in the store, encrypted, for several managers. The one that leads replaces them under its lease; what it had in
 * files before the key was given is taken over. Some lie in files as well, where people look for them.
 */
final class StoredSecrets implements Vault {
    private static final Logger LOG = LoggerFactory.getLogger(StoredSecrets.class);
    private static final long PATIENCE_SECONDS = 10;

    private final SecretFiles files;
    private final List<String> copied;
    private final SecurityKey key;
    private volatile Store store;
    private volatile boolean leads;

    /**
     * @param files where copies lie, and perhaps what is to be taken over
     * @param first names what is kept from a cluster's beginning; if that is in files alone, it is taken over
     * @param rest names what is taken over with it
     * @param copied names those of which copies lie in files
     * @param store to read until {@link #lead}
     */
    StoredSecrets(
            SecretFiles files,
            List<String> first,
            List<String> rest,
            List<String> copied,
            SecurityKey key,
            Store store) {
        this.files = files;
        this.copied = copied;
        this.key = key;
        this.store = store;
        takeOver(first, rest);
        copy();
    }

    private void takeOver(List<String> first, List<String> rest) {
        var found = new TreeMap<String, byte[]>();
        for (var name : first) {
            files.read(name).ifPresent(bytes -> found.put(name, bytes));
        }
        if (found.size() < first.size()) {
            return;
        }
        for (var name : rest) {
            files.read(name).ifPresent(bytes -> found.put(name, bytes));
        }
        if (add(found)) {
            LOG.info(
                    "The secrets {} of {} are in the store now; only their copies {} there count for anything",
                    found.keySet(),
                    files.place(""),
                    copied);
        }
    }

    private void copy() {
        for (var name : copied) {
            read(name).ifPresent(bytes -> files.write(name, bytes));
        }
    }

    /** From now on this manager may replace secrets, and others may not. */
    void lead(Store leading) {
        store = leading;
        copy();
        leads = true;
    }

    /** From now on it may not; what was read stands. */
    void standBy() {
        leads = false;
    }

    @Override
    public Optional<byte[]> read(String name) {
        return store.secret(name).map(encrypted -> key.open(name, encrypted));
    }

    @Override
    public void begin(Map<String, byte[]> secrets) {
        if (!add(secrets)) {
            LOG.info("Another manager has begun this cluster");
        }
    }

    private boolean add(Map<String, byte[]> secrets) {
        var encrypted = new TreeMap<String, byte[]>();
        secrets.forEach((name, bytes) -> encrypted.put(name, key.seal(name, bytes)));
        return store.addSecrets(encrypted);
    }

    @Override
    public void write(String name, byte[] bytes) {
        if (!leads) {
            throw unwritten(name, "another manager leads", null);
        }
        var done = new CompletableFuture<Boolean>();
        store.write(
                new Write.Secret(name, key.seal(name, bytes)), () -> done.complete(true), done::completeExceptionally);
        try {
            done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw unwritten(name, String.valueOf(e.getCause()), e);
        } catch (TimeoutException e) {
            throw unwritten(name, "it did not answer within " + PATIENCE_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unwritten(name, "interrupted", e);
        }
        if (copied.contains(name)) {
            files.write(name, bytes);
        }
    }

    private static MusterException unwritten(String name, String why, @Nullable Exception cause) {
        return new MusterException(
                ErrorCode.UNAVAILABLE, "'" + name + "' cannot be written to the store: " + why + "; try again", cause);
    }

    @Override
    public String place(String name) {
        return "'" + name + "' in the store";
    }
}
