package muster.worker;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Quantity;
import muster.transport.BrokerAddress;
import muster.transport.Plaintext;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of a worker, read and checked.
 *
 * @param idGiven whether the operator chose the id; else it is the host's name
 * @param broker null for what the manager said at enrolment
 * @param token empty for none
 * @param tokenFile null for none
 * @param work folder that no other worker uses
 * @param cores null for what is detected, as are memory and disk
 * @param taskUsers names of the users of the system that tasks run as; empty for the worker's own
 */
record Settings(
        boolean enabled,
        String id,
        boolean idGiven,
        String address,
        List<URI> managers,
        @Nullable BrokerAddress broker,
        String token,
        @Nullable Path tokenFile,
        Path security,
        Path work,
        @Nullable Double cores,
        @Nullable Long memoryBytes,
        @Nullable Long diskBytes,
        Map<String, Long> custom,
        List<String> labels,
        List<String> taskUsers,
        long logsLimitBytes,
        String dataHost,
        int dataPort,
        long cacheBytes) {

    /**
     * Reads the configuration.
     *
     * @param property of the framework: {@code karaf.base} and {@code karaf.data} give folders their defaults
     * @throws MusterException INVALID naming the key
     */
    static Settings of(WorkerConfiguration configuration, Function<String, @Nullable String> property) {
        var idGiven = !configuration.id().isBlank();
        return new Settings(
                configuration.enabled(),
                key("id", () -> Names.requireWorker(idGiven ? configuration.id().strip() : hostName())),
                idGiven,
                configuration.address().isBlank()
                        ? hostAddress()
                        : configuration.address().strip(),
                key("manager", () -> managers(configuration.manager())),
                configuration.broker().isBlank()
                        ? null
                        : key("broker", () -> BrokerAddress.parse(configuration.broker())),
                configuration.token().strip(),
                configuration.token_file().isBlank()
                        ? null
                        : Path.of(configuration.token_file().strip()),
                folder("security", configuration.security(), property.apply("karaf.base"), "security"),
                folder("work", configuration.work(), property.apply("karaf.data"), "work"),
                configuration.slots().isBlank() ? null : key("slots", () -> cores(configuration.slots())),
                configuration.memory().isBlank()
                        ? null
                        : key("memory", () -> Quantity.parseBytes(configuration.memory())),
                configuration.disk().isBlank() ? null : key("disk", () -> Quantity.parseBytes(configuration.disk())),
                key("custom", () -> custom(configuration.custom())),
                key("labels", () -> items(configuration.labels())
                        .map(Names::requireLabel)
                        .toList()),
                items(configuration.task_user()).toList(),
                key("logs.limit", () -> Quantity.parseBytes(configuration.logs_limit())),
                configuration.data_host().strip(),
                configuration.data_port(),
                key("cache", () -> Quantity.parseBytes(configuration.cache())));
    }

    Settings {
        managers = List.copyOf(managers);
        custom = Map.copyOf(custom);
        labels = List.copyOf(labels);
        taskUsers = List.copyOf(taskUsers);
    }

    @Override
    public String toString() {
        return "Settings[id=" + id + ", managers=" + managers + ", work=" + work + "]";
    }

    private interface Reader<T> {
        T read();
    }

    private static <T> T key(String key, Reader<T> reader) {
        try {
            return reader.read();
        } catch (MusterException e) {
            throw new MusterException(
                    e.code(), "key '" + key + "' of " + WorkerConfiguration.PID + ": " + e.getMessage(), e);
        }
    }

    private static Path folder(String key, String configured, @Nullable String base, String name) {
        if (!configured.isBlank()) {
            return Path.of(configured.strip()).toAbsolutePath().normalize();
        }
        if (base == null) {
            throw MusterException.invalid(
                    "key '" + key + "' of " + WorkerConfiguration.PID + " is empty; name a folder");
        }
        return Path.of(base).resolve(name).toAbsolutePath().normalize();
    }

    private static List<URI> managers(String text) {
        if (!Plaintext.CHOSEN) {
            return urls(text, "https", "https://host:7070");
        }
        var managers = urls(text, "http", "http://127.0.0.1:7070");
        managers.forEach(manager -> Plaintext.requireLoopback(manager.getHost()));
        return managers;
    }

    private static List<URI> urls(String text, String scheme, String example) {
        var urls = items(text).map(url -> url(url, scheme, example)).toList();
        if (urls.isEmpty()) {
            throw notAUrl(text, example, null);
        }
        return urls;
    }

    private static URI url(String text, String scheme, String example) {
        try {
            var url = URI.create(text.strip());
            if (scheme.equals(url.getScheme()) && url.getHost() != null) {
                return url;
            }
        } catch (IllegalArgumentException e) {
            throw notAUrl(text, example, e);
        }
        throw notAUrl(text, example, null);
    }

    private static MusterException notAUrl(String text, String example, @Nullable Throwable cause) {
        return new MusterException(
                ErrorCode.INVALID,
                "'" + Names.escape(text) + "' is not a URL such as " + example + "; correct it",
                cause);
    }

    private static double cores(String text) {
        try {
            var cores = Double.parseDouble(text.strip());
            if (cores > 0 && cores <= 100_000) {
                return cores;
            }
        } catch (NumberFormatException e) {
            throw new MusterException(
                    ErrorCode.INVALID, "'" + Names.escape(text) + "' is not a number; write such as 8", e);
        }
        throw MusterException.invalid("'" + text + "' is outside 0.001 to 100000; write such as 8");
    }

    private static Map<String, Long> custom(String text) {
        var amounts = new LinkedHashMap<String, Long>();
        items(text).forEach(item -> {
            var equals = item.indexOf('=');
            try {
                var amount = equals < 0
                        ? 1
                        : Long.parseLong(item.substring(equals + 1).strip());
                var name = equals < 0 ? item : item.substring(0, equals).strip();
                if (amount < 0) {
                    throw MusterException.invalid("'" + item + "' is negative; write 0 or more");
                }
                amounts.put(Names.requireName("custom resource", name), amount);
            } catch (NumberFormatException e) {
                throw new MusterException(
                        ErrorCode.INVALID,
                        "'" + Names.escape(item) + "' is not a name and a whole number; write such as license=2",
                        e);
            }
        });
        return amounts;
    }

    private static Stream<String> items(String text) {
        return Stream.of(text.split(",")).map(String::strip).filter(item -> !item.isEmpty());
    }

    private static String hostName() {
        var name = System.getenv("HOSTNAME");
        if (name != null && !name.isBlank()) {
            return name.strip();
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            throw new MusterException(ErrorCode.INVALID, "this host has no name; give the worker an id", e);
        }
    }

    /** An address that is not the loopback's where there is one, IPv4 before IPv6. */
    private static String hostAddress() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(a -> !a.isLoopbackAddress() && !a.isLinkLocalAddress())
                    .min((a, b) -> Boolean.compare(b instanceof Inet4Address, a instanceof Inet4Address))
                    .map(a -> Objects.requireNonNull(a.getHostAddress()))
                    .orElse("127.0.0.1");
        } catch (IOException e) {
            return "127.0.0.1";
        }
    }
}
