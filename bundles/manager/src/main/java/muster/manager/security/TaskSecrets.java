package muster.manager.security;

import java.util.Arrays;
import java.util.List;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.Secret;
import muster.transport.Codec;

/** Encrypts the secrets of jobs for the store, bound to their job. Thread-safe. */
public final class TaskSecrets {
    private final SecurityKey key;

    public TaskSecrets(SecurityKey key) {
        this.key = key;
    }

    public byte[] seal(JobId job, List<Secret> secrets) {
        var clear = Codec.encodeSecrets(secrets);
        try {
            return key.seal(name(job), clear);
        } finally {
            Arrays.fill(clear, (byte) 0);
        }
    }

    /** @throws MusterException UNAVAILABLE if they were encrypted by another key */
    public List<Secret> open(JobId job, byte[] encrypted) {
        var clear = key.open(name(job), encrypted);
        try {
            return Codec.decodeSecrets(clear);
        } finally {
            Arrays.fill(clear, (byte) 0);
        }
    }

    private static String name(JobId job) {
        return "secrets of job " + job;
    }
}
