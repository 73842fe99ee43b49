package muster.manager.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.security.auth.Subject;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.FailedLoginException;
import javax.security.auth.login.LoginException;
import javax.security.auth.spi.LoginModule;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Role;
import org.apache.karaf.jaas.boot.principal.GroupPrincipal;
import org.apache.karaf.jaas.boot.principal.UserPrincipal;
import org.apache.karaf.jaas.modules.ldap.LDAPLoginModule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RealmTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Map<String, Role> ROLES = Realm.roles("user=staff, operator=lab admins,admin=muster-admin");

    private final Moment moment = new Moment();

    @Test
    void readsWhatRolesAre() {
        assertThat(ROLES)
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of("staff", Role.USER, "lab admins", Role.OPERATOR, "muster-admin", Role.ADMIN));
        assertThat(Realm.roles("user=staff,admin=staff,viewer=staff")).containsExactly(Map.entry("staff", Role.ADMIN));
        assertThat(Realm.roles("")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"staff", "user=", "chief=staff", "worker=staff", "=staff"})
    void refusesWhatNamesNoRole(String text) {
        assertThatThrownBy(() -> Realm.roles(text))
                .isInstanceOfSatisfying(
                        MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID));
    }

    @Test
    void knowsTheUsersOfADirectoryAndTheirRoles() {
        try (var directory = directory()) {
            var realm = realm(LDAPLoginModule.class, LONG, ldap(directory));

            assertThat(realm.login("anna", "of anna")).hasValue(Role.USER);
            assertThat(realm.login("otto", "of otto")).hasValue(Role.OPERATOR);
            assertThat(realm.login("anna", "of otto")).isEmpty();
            assertThat(realm.login("nobody", "of anna")).isEmpty();
            assertThatThrownBy(() -> realm.login("rosa", "of rosa"))
                    .isInstanceOfSatisfying(
                            MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FORBIDDEN))
                    .hasMessageContaining("knows 'rosa' as 'visitors', which is no role of this cluster");
            assertThatThrownBy(() -> realm.login("admin", "of admin"))
                    .hasMessageContaining("knows 'admin' without a role or group");

            directory.stop();
            assertUnavailable(() -> realm.login("anna", "of anna"), "does not answer");
            directory.start();
            assertThat(realm.login("anna", "of anna")).hasValue(Role.USER);
        }
    }

    @Test
    void aDirectoryThatRefusesWhoSearchesIsAway() {
        try (var directory = directory()) {
            var options = ldap(directory);
            options.put("connection.username", "uid=admin,ou=people,dc=example,dc=org");
            options.put("connection.password", "of admin");
            assertThat(realm(LDAPLoginModule.class, LONG, options).login("anna", "of anna"))
                    .hasValue(Role.USER);

            options.put("connection.password", "of old");
            assertUnavailable(
                    () -> realm(LDAPLoginModule.class, LONG, options).login("anna", "of anna"), "does not answer");
        }
    }

    @Test
    void aRealmThatIsNotThereIsNotTakenForAnother() {
        var realm = new Realm("elsewhere", ROLES, () -> configuration(Named.class, Map.of()), LONG);

        assertUnavailable(() -> realm.login("anna", "right"), "the realm 'elsewhere'");
    }

    @Test
    void aRealmWithAFaultIsAwayAndKnowsNobody() {
        assertUnavailable(() -> realm(Faulty.class, LONG, Map.of()).login("anna", "right"), "does not answer");
    }

    @Test
    void aRealmThatHangsIsNotWaitedForAndHoldsFewThreads() throws Exception {
        Hanging.released = new CountDownLatch(1);
        Hanging.begun = new AtomicInteger();
        Hanging.ended = new CountDownLatch(16);
        var realm = realm(Hanging.class, Duration.ofMillis(20), Map.of());
        // one may be given up before it has begun
        while (Hanging.begun.get() < 16) {
            assertUnavailable(() -> realm.login("anna", "right"), "try again later");
        }
        assertUnavailable(() -> realm.login("anna", "right"), "has 16 to look at already");
        assertThat(Hanging.begun).hasValue(16);

        Hanging.released.countDown();
        Hanging.ended.await();
        while (Hanging.begun.get() == 16) {
            try {
                realm.login("anna", "right");
            } catch (MusterException e) {
                // a thread that has left the module gives its place back a moment later
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    @Test
    void theFileComesBeforeTheRealmAndNamesAreOfOneCase() {
        Noting.asked.clear();
        var passwords = new Passwords(null, realm(Noting.class, LONG, Map.of()), moment);

        assertThat(passwords.caller("Anna", "right").orElseThrow().name()).isEqualTo("anna");
        assertThat(passwords.caller("anna", "right").orElseThrow().role()).isEqualTo(Role.USER);
        assertThat(passwords.caller("anna", "")).isEmpty();
        assertThat(passwords.caller("a*", "right")).isEmpty();
        assertThat(Noting.asked).containsExactly("anna");
    }

    @Test
    void theRealmsWordIsGoodForAMinute() {
        Noting.asked.clear();
        var passwords = new Passwords(null, realm(Noting.class, LONG, Map.of()), moment);
        assertThat(passwords.caller("anna", "right")).isPresent();
        assertThat(passwords.caller("anna", "right")).isPresent();
        assertThat(Noting.asked).hasSize(1);
        assertThat(passwords.caller("anna", "wrong")).isEmpty();
        assertThat(Noting.asked).hasSize(2);

        moment.pass(Duration.ofMinutes(1));
        assertThat(passwords.caller("anna", "right")).isPresent();
        assertThat(Noting.asked).hasSize(3);
    }

    @Test
    void theRealmIsAskedOfANameForTenWrongPasswordsAMinute() {
        Noting.asked.clear();
        var passwords = new Passwords(null, realm(Noting.class, LONG, Map.of()), moment);
        assertThat(passwords.caller("otto", "right")).isPresent();
        for (var i = 0; i < 10; i++) {
            assertThat(passwords.caller("anna", "wrong" + i)).isEmpty();
            assertThat(passwords.caller("otto", "wrong" + i)).isEmpty();
        }

        assertThatThrownBy(() -> passwords.caller("ANNA", "right"))
                .isInstanceOfSatisfying(
                        MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_MANY));
        // who has been in is heard
        assertThat(passwords.caller("otto", "right")).isPresent();
        assertThat(Noting.asked).hasSize(21);
    }

    private static void assertUnavailable(Runnable login, String why) {
        assertThatThrownBy(login::run)
                .isInstanceOfSatisfying(
                        MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE))
                .hasMessageContaining(why);
    }

    private static Realm realm(Class<? extends LoginModule> module, Duration patience, Map<String, String> options) {
        return new Realm("directory", ROLES, () -> configuration(module, options), patience);
    }

    /** With the realm {@code directory}, and the one that JAAS takes for all that it does not find. */
    private static Configuration configuration(Class<? extends LoginModule> module, Map<String, String> options) {
        return new Configuration() {
            @Override
            public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
                return name.equals("directory") || name.equals("other")
                        ? new AppConfigurationEntry[] {
                            new AppConfigurationEntry(module.getName(), LoginModuleControlFlag.REQUIRED, options)
                        }
                        : null;
            }
        };
    }

    private static DirectoryServer directory() {
        var directory = new DirectoryServer(false);
        List.of("anna", "otto", "rosa", "admin").forEach(directory::person);
        return directory
                .group("staff", "anna", "otto")
                .group("lab admins", "otto")
                .group("visitors", "rosa");
    }

    private static Map<String, String> ldap(DirectoryServer directory) {
        return new HashMap<>(Map.of(
                "connection.url",
                directory.url(),
                "user.base.dn",
                "ou=people,dc=example,dc=org",
                "user.filter",
                "(uid=%u)",
                "role.base.dn",
                "ou=groups,dc=example,dc=org",
                "role.filter",
                "(member=%fqdn)",
                "role.name.attribute",
                "cn",
                "authentication",
                "simple",
                "disableCache",
                "true"));
    }

    /** Knows everybody by the password {@code right}, as one of the group {@code staff}. */
    public static class Named implements LoginModule {
        private Subject subject;
        private final NameCallback name = new NameCallback("name");
        private final PasswordCallback password = new PasswordCallback("password", false);
        private CallbackHandler handler;

        @Override
        public void initialize(
                Subject whose, CallbackHandler callbacks, Map<String, ?> sharedState, Map<String, ?> options) {
            subject = whose;
            handler = callbacks;
        }

        @Override
        public boolean login() throws LoginException {
            try {
                handler.handle(new Callback[] {name, password});
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            isAskedOf(name.getName());
            if (!new String(password.getPassword()).equals("right")) {
                throw new FailedLoginException("wrong");
            }
            subject.getPrincipals().add(new UserPrincipal("muster-admin"));
            subject.getPrincipals().add(new GroupPrincipal("staff"));
            return true;
        }

        /** Before it answers. */
        void isAskedOf(String user) {}

        @Override
        public boolean commit() {
            return true;
        }

        @Override
        public boolean abort() {
            return true;
        }

        @Override
        public boolean logout() {
            return true;
        }
    }

    /** Remembers whom it was asked of. */
    public static final class Noting extends Named {
        static final List<String> asked = new ArrayList<>();

        @Override
        void isAskedOf(String user) {
            asked.add(user);
        }
    }

    /** Waits until it is let go, whoever interrupts it. */
    public static final class Hanging extends Named {
        static CountDownLatch released;
        static CountDownLatch ended;
        static AtomicInteger begun;

        @Override
        public boolean login() throws LoginException {
            begun.incrementAndGet();
            while (released.getCount() > 0) {
                LockSupport.parkNanos(1_000_000);
            }
            ended.countDown();
            return super.login();
        }
    }

    /** Has a defect. */
    public static final class Faulty extends Named {
        @Override
        public boolean login() {
            throw new IllegalStateException("a defect");
        }
    }
}
