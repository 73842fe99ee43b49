package muster.manager.security;

import java.security.Principal;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.security.auth.Subject;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AccountException;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.CredentialException;
import javax.security.auth.login.FailedLoginException;
import javax.security.auth.login.LoginContext;
import javax.security.auth.login.LoginException;
import javax.security.auth.spi.LoginModule;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.Role;
import org.apache.karaf.jaas.boot.principal.GroupPrincipal;
import org.apache.karaf.jaas.boot.principal.RolePrincipal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A realm of JAAS that knows users by name and password, and what they are in roles and groups. Thread-safe.
 *
 * <p>What answers is somewhere else and may hang, so that it is asked in threads of its own, few at a time, and no caller
 * waits for longer than a bound.
 */
public final class Realm {
    private static final Logger LOG = LoggerFactory.getLogger(Realm.class);

    /** A quarter of the threads that serve requests. */
    private static final int LOGINS_AT_A_TIME = 16;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /**
     * How Karaf's module for LDAP says that the directory refuses a user, which else has but the text of JNDI. The codes (RFC
     * 4511, appendix A) are constraint violation and unwilling to perform, for accounts that are locked, and invalid
     * credentials.
     */
    private static final Pattern REFUSED_BY_LDAP =
            Pattern.compile("Authentication failed: .*LDAP: error code (19|49|53)\\b.*", Pattern.DOTALL);

    private final String name;
    private final Map<String, Role> roles;
    private final Supplier<Configuration> configuration;
    private final Duration patience;
    private final Semaphore places = new Semaphore(LOGINS_AT_A_TIME);
    private final AtomicBoolean away = new AtomicBoolean();

    /**
     * @param name of the realm
     * @param roles what its roles and groups are here
     */
    public Realm(String name, Map<String, Role> roles) {
        this(name, roles, Configuration::getConfiguration, PATIENCE);
    }

    Realm(String name, Map<String, Role> roles, Supplier<Configuration> configuration, Duration patience) {
        this.name = name;
        this.roles = Map.copyOf(roles);
        this.configuration = configuration;
        this.patience = patience;
    }

    /**
     * Reads {@code ROLE=NAME} with commas between: whoever has that role or is in that group of a realm has that role here. A
     * name that stands there twice has the higher one.
     */
    public static Map<String, Role> roles(String text) {
        var roles = new HashMap<String, Role>();
        for (var pair : text.split(",")) {
            var equals = pair.indexOf('=');
            if (equals >= 0 && !pair.substring(equals + 1).isBlank()) {
                var role = Passwords.role(pair.substring(0, equals).strip());
                roles.merge(
                        pair.substring(equals + 1).strip(),
                        role,
                        (one, other) -> one.compareTo(other) > 0 ? one : other);
            } else if (!pair.isBlank()) {
                throw MusterException.invalid("passwords.roles has '" + Names.escape(pair.strip())
                        + "', which is not ROLE=NAME; write such as user=staff,operator=lab-admins");
            }
        }
        return roles;
    }

    /**
     * The role of a user; empty if the realm does not know them by this password.
     *
     * @throws MusterException FORBIDDEN if it knows them, but by no role that counts here; UNAVAILABLE if it does not answer
     *     in time, or has no place for further ones
     */
    Optional<Role> login(String user, String password) {
        if (!places.tryAcquire()) {
            throw unavailable("has " + LOGINS_AT_A_TIME + " to look at already", null);
        }
        var login = new FutureTask<>(() -> principals(user, password));
        start(login);
        try {
            var found = login.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (away.getAndSet(false)) {
                LOG.info("The realm '{}' answers again", name);
            }
            return found.map(principals -> role(user, principals));
        } catch (TimeoutException e) {
            login.cancel(true);
            throw away("did not answer within " + patience.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw away(String.valueOf(e.getCause()), e);
        } catch (InterruptedException e) {
            login.cancel(true);
            Thread.currentThread().interrupt();
            throw unavailable("was not waited for", e);
        }
    }

    private void start(FutureTask<?> login) {
        var thread = new Thread(
                () -> {
                    try {
                        // does nothing if nobody waits any more
                        login.run();
                    } finally {
                        places.release();
                    }
                },
                "muster-realm");
        thread.setDaemon(true);
        // sees the proxy by which Karaf finds modules in other bundles
        thread.setContextClassLoader(Realm.class.getClassLoader());
        thread.start();
    }

    /** Why it is said to the operator alone: it tells where the directory is. Once, until it answers again. */
    private MusterException away(String why, Exception cause) {
        if (!away.getAndSet(true)) {
            LOG.warn("The realm '{}' does not answer, nobody comes in by it: {}", name, why);
        }
        return unavailable("does not answer", cause);
    }

    private MusterException unavailable(String why, @Nullable Exception cause) {
        return new MusterException(
                ErrorCode.UNAVAILABLE,
                "the realm '" + name + "' that knows the users' passwords " + why
                        + "; try again later, or come with a token",
                cause);
    }

    private Role role(String user, Set<Principal> principals) {
        var named = principals.stream()
                .filter(principal -> principal instanceof RolePrincipal || principal instanceof GroupPrincipal)
                .map(Principal::getName)
                .sorted()
                .collect(Collectors.toCollection(LinkedHashSet::new));
        return named.stream()
                .filter(roles::containsKey)
                .map(roles::get)
                .max(Role::compareTo)
                .orElseThrow(() -> new MusterException(
                        ErrorCode.FORBIDDEN,
                        "the realm '" + name + "' knows '" + user + "' "
                                + (named.isEmpty()
                                        ? "without a role or group"
                                        : "as "
                                                + named.stream()
                                                        .map(Names::escape)
                                                        .collect(Collectors.joining("', '", "'", "'")))
                                + ", which is no role of this cluster; an operator gives it one by passwords.roles"));
    }

    /** Who this is; empty if the password is wrong or there is no such user. */
    private Optional<Set<Principal>> principals(String user, String password) throws LoginException {
        var now = configuration.get();
        if (now.getAppConfigurationEntry(name) == null) {
            // JAAS would take the realm 'other' instead
            throw new LoginException("there is no such realm; passwords.realm names it");
        }
        var context = new LoginContext(name, new Subject(), handler(user, password), now);
        try {
            context.login();
        } catch (LoginException e) {
            if (refused(e)) {
                return Optional.empty();
            }
            throw e;
        }
        var principals = Set.copyOf(context.getSubject().getPrincipals());
        try {
            context.logout();
        } catch (LoginException e) {
            LOG.debug("A login at the realm '{}' was not ended", name, e);
        }
        return Optional.of(principals);
    }

    private static CallbackHandler handler(String user, String password) {
        return callbacks -> {
            for (Callback callback : callbacks) {
                if (callback instanceof NameCallback asked) {
                    asked.setName(user);
                } else if (callback instanceof PasswordCallback asked) {
                    asked.setPassword(password.toCharArray());
                } else {
                    throw new UnsupportedCallbackException(callback, "there is a name and a password, nothing else");
                }
            }
        };
    }

    /** Whether the user was refused, and not the realm away. */
    private static boolean refused(LoginException e) {
        var message = String.valueOf(e.getMessage());
        return e instanceof FailedLoginException
                || e instanceof AccountException
                || e instanceof CredentialException
                || REFUSED_BY_LDAP.matcher(message).matches()
                || message.equals(nobody());
    }

    /** What JAAS says where no module knows the user: a text in the language of this machine. */
    private static String nobody() {
        var ignorant = new AppConfigurationEntry(
                Ignorant.class.getName(), AppConfigurationEntry.LoginModuleControlFlag.REQUIRED, Map.of());
        try {
            new LoginContext("nobody", new Subject(), handler("", ""), new Configuration() {
                        @Override
                        public AppConfigurationEntry[] getAppConfigurationEntry(String realm) {
                            return new AppConfigurationEntry[] {ignorant};
                        }
                    })
                    .login();
            throw new IllegalStateException("JAAS let nobody in");
        } catch (LoginException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Knows nobody. */
    public static final class Ignorant implements LoginModule {
        @Override
        public void initialize(
                Subject subject, CallbackHandler handler, Map<String, ?> sharedState, Map<String, ?> options) {}

        @Override
        public boolean login() {
            return false;
        }

        @Override
        public boolean commit() {
            return false;
        }

        @Override
        public boolean abort() {
            return false;
        }

        @Override
        public boolean logout() {
            return false;
        }
    }
}
