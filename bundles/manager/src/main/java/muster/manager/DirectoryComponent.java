package muster.manager;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Names;
import muster.manager.security.TrustedAuthorities;
import org.apache.karaf.jaas.boot.ProxyLoginModule;
import org.apache.karaf.jaas.config.JaasRealm;
import org.apache.karaf.jaas.config.KeystoreInstance;
import org.apache.karaf.jaas.modules.ldap.LDAPLoginModule;
import org.apache.karaf.jaas.modules.ldap.LDAPOptions;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.Designate;

/** Offers the users of an LDAP directory as the realm {@value #REALM} of Karaf, by Karaf's own module. */
@Component(
        service = {},
        immediate = true,
        configurationPid = DirectoryConfig.PID)
@Designate(ocd = DirectoryConfig.class)
public final class DirectoryComponent {
    private static final String REALM = "directory";
    private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

    /** Less than a login may take in all, so that one of several servers may be away. */
    private static final String TIMEOUT_MILLIS = "4000";

    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();

    @Activate
    public DirectoryComponent(BundleContext context, DirectoryConfig config) {
        if (config.url().isBlank()) {
            return;
        }
        var options = options(config);
        if (!config.authorities().isEmpty()) {
            var authorities = new TrustedAuthorities(REALM, Path.of(config.authorities()));
            registrations.add(context.registerService(KeystoreInstance.class, authorities, null));
            options.put(LDAPOptions.SSL_TRUSTSTORE, REALM);
        }
        options.put(BundleContext.class.getName(), context);
        // Karaf's proxy stands for a module that the login's own class loader does not see
        options.put(ProxyLoginModule.PROPERTY_MODULE, LDAPLoginModule.class.getName());
        options.put(
                ProxyLoginModule.PROPERTY_BUNDLE,
                Long.toString(FrameworkUtil.getBundle(LDAPLoginModule.class).getBundleId()));
        registrations.add(context.registerService(JaasRealm.class, new Users(options), null));
    }

    /** The realm, as JAAS asks for it. */
    private record Users(Map<String, Object> options) implements JaasRealm {
        @Override
        public String getName() {
            return REALM;
        }

        @Override
        public int getRank() {
            return 0;
        }

        @Override
        public AppConfigurationEntry[] getEntries() {
            return new AppConfigurationEntry[] {
                new AppConfigurationEntry(ProxyLoginModule.class.getName(), LoginModuleControlFlag.REQUIRED, options)
            };
        }

        /** Without the secret. */
        @Override
        public String toString() {
            return REALM;
        }
    }

    /** What Karaf's module is told. */
    static Map<String, Object> options(DirectoryConfig config) {
        var options = new HashMap<String, Object>();
        options.put(LDAPOptions.CONNECTION_URL, requireSafe(config.url()));
        if (!config.user().isBlank()) {
            options.put(LDAPOptions.CONNECTION_USERNAME, config.user().strip());
            options.put(LDAPOptions.CONNECTION_PASSWORD, password(config.password_file()));
        }
        // without it, it binds by none
        options.put(LDAPOptions.AUTHENTICATION, LDAPOptions.DEFAULT_AUTHENTICATION);
        options.put(LDAPOptions.USER_BASE_DN, config.users());
        options.put(LDAPOptions.USER_FILTER, config.users_filter());
        options.put(LDAPOptions.USER_SEARCH_SUBTREE, "true");
        options.put(LDAPOptions.ROLE_BASE_DN, config.groups());
        options.put(LDAPOptions.ROLE_FILTER, config.groups_filter());
        options.put(LDAPOptions.ROLE_NAME_ATTRIBUTE, config.groups_name());
        options.put(LDAPOptions.ROLE_SEARCH_SUBTREE, "true");
        // it would keep who is in which group until the directory tells of a change, which few do
        options.put(LDAPOptions.DISABLE_CACHE, "true");
        options.put(LDAPOptions.SSL_PROTOCOL, "TLS");
        options.put(LDAPOptions.CONTEXT_PREFIX + "com.sun.jndi.ldap.connect.timeout", TIMEOUT_MILLIS);
        options.put(LDAPOptions.CONTEXT_PREFIX + "com.sun.jndi.ldap.read.timeout", TIMEOUT_MILLIS);
        return options;
    }

    /** The addresses, if none of them has passwords sent in clear to another machine. */
    static String requireSafe(String urls) {
        for (var text : urls.strip().split("\\s+")) {
            var url = address(text);
            var safe = "ldaps".equals(url.getScheme())
                    || ("ldap".equals(url.getScheme()) && THIS_MACHINE.contains(String.valueOf(url.getHost())));
            if (!safe || url.getHost() == null) {
                throw MusterException.invalid("url of etc/muster.directory.cfg has '" + Names.escape(text)
                        + "', over which passwords would go in clear; write such as ldaps://ldap.example.org");
            }
        }
        return urls.strip();
    }

    private static URI address(String text) {
        try {
            return URI.create(text);
        } catch (IllegalArgumentException e) {
            throw new MusterException(
                    ErrorCode.INVALID,
                    "url of etc/muster.directory.cfg has '" + Names.escape(text)
                            + "', which is no address; write such as ldaps://ldap.example.org",
                    e);
        }
    }

    private static String password(String file) {
        try {
            return file.isEmpty() ? "" : Files.readString(Path.of(file)).strip();
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "password.file " + file + " of etc/muster.directory.cfg cannot be read: " + e.getMessage()
                            + "; make it readable for the manager's user",
                    e);
        }
    }

    @Deactivate
    void deactivate() {
        registrations.forEach(ServiceRegistration::unregister);
    }
}
