package muster.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import muster.api.Role;
import muster.api.TokenRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A browser logs in, works, and logs out. */
class LoginTest {
    private static TestServer server;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = new TestServer(folder);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String cookie(TestServer.Answer answer) {
        return answer.header("Set-Cookie").replaceFirst(";.*", "");
    }

    private static TestServer.Answer with(String cookie, String method, String path, String... headers) {
        var request = server.request(method, path, "").header("Cookie", cookie);
        return server.send(headers.length == 0 ? request : request.headers(headers));
    }

    @Test
    void whoLogsInHasACookieThatNoScriptReadsUntilTheLogout() {
        var login = server.send(server.as(Role.USER, "POST", "/api/v1/session", ""));
        assertThat(login.status()).isEqualTo(201);
        assertThat(login.header("Set-Cookie"))
                .matches("__Host-muster=[A-Za-z0-9_-]{43}; Path=/; Secure; HttpOnly; SameSite=Strict");
        assertThat(login.json().path("name").asText()).isEqualTo("ursula");
        assertThat(login.text()).doesNotContain(FakeAccess.token(Role.USER));

        var csrf = login.json().path("csrf").asText();
        assertThat(with(cookie(login), "GET", "/docs", "Accept", "text/html").text())
                .contains("REST reference");
        assertThat(with(cookie(login), "GET", "/api/v1/session")
                        .json()
                        .path("csrf")
                        .asText())
                .isEqualTo(csrf);
        assertThat(with(cookie(login), "DELETE", "/api/v1/session").status()).isEqualTo(403);

        var logout = with(cookie(login), "DELETE", "/api/v1/session", Sessions.CSRF_HEADER, csrf);
        assertThat(logout.status()).isEqualTo(204);
        assertThat(logout.header("Set-Cookie")).startsWith("__Host-muster=; ").endsWith("; Max-Age=0");
        assertThat(with(cookie(login), "GET", "/api/v1/session").status()).isEqualTo(401);
    }

    @Test
    void aSessionEndsWithItsToken() {
        var token = server.access.create(new TokenRequest("anna", Role.USER, null, null));
        var login = server.send(
                server.request("POST", "/api/v1/session", "").header("Authorization", "Bearer " + token.text()));
        assertThat(with(cookie(login), "GET", "/api/v1/jobs").status()).isEqualTo(200);

        server.access.revoke(token.view().id());

        assertThat(with(cookie(login), "GET", "/api/v1/jobs").status()).isEqualTo(401);
    }

    @Test
    void aSessionEndsWhenItIsNotUsed() {
        var login = server.send(server.as(Role.USER, "POST", "/api/v1/session", ""));
        server.nanos.addAndGet(TestServer.IDLE.minus(Duration.ofSeconds(1)).toNanos());
        assertThat(with(cookie(login), "GET", "/api/v1/jobs").status()).isEqualTo(200);
        server.nanos.addAndGet(TestServer.IDLE.toNanos());
        assertThat(with(cookie(login), "GET", "/api/v1/jobs").status()).isEqualTo(401);
    }

    @Test
    void aTokenThatIsSentCountsMoreThanTheCookie() {
        var login = server.send(server.as(Role.ADMIN, "POST", "/api/v1/session", ""));
        var both = with(
                cookie(login), "GET", "/api/v1/session", "Authorization", "Bearer " + FakeAccess.token(Role.VIEWER));
        assertThat(both.json().path("name").asText()).isEqualTo("vera");
        assertThat(both.json().path("csrf").isNull()).isTrue();
        assertThat(with(cookie(login), "GET", "/api/v1/jobs", "Authorization", "Bearer no")
                        .status())
                .isEqualTo(401);
    }

    @Test
    void noOtherSiteMakesABrowserLogInOrAct() {
        assertThat(server.send(server.as(Role.USER, "POST", "/api/v1/session", "")
                                .header("Origin", "https://evil.example"))
                        .status())
                .isEqualTo(403);
        var login = server.send(server.as(Role.USER, "POST", "/api/v1/session", ""));
        assertThat(with(
                                cookie(login),
                                "DELETE",
                                "/api/v1/session",
                                Sessions.CSRF_HEADER,
                                login.json().path("csrf").asText(),
                                "Origin",
                                "https://evil.example")
                        .status())
                .isEqualTo(403);
    }

    @Test
    void theLoginPageMayUseNothingButItself() {
        var page = server.send(server.request("GET", "/login", ""));
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.header("Content-Security-Policy"))
                .contains("default-src 'none'", "frame-ancestors 'none'", "form-action 'none'")
                .doesNotContain("unsafe");
        assertThat(page.header("Cache-Control")).isEqualTo("no-store");
    }

    @Test
    void joinTokensDoNotLogIn() {
        var refused = server.send(
                server.request("POST", "/api/v1/session", "").header("Authorization", "Bearer " + FakeAccess.JOIN));
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.header("Set-Cookie")).isEmpty();
    }
}
