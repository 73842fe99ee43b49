package muster.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SessionsTest {
    private static final Duration IDLE = Duration.ofMinutes(30);
    private static final Duration LIFE = Duration.ofHours(2);

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);
    private final Sessions sessions = new Sessions(IDLE, LIFE, nanos::get);

    private void pass(Duration duration) {
        nanos.addAndGet(duration.toNanos());
    }

    private static String value(Sessions.Session session) {
        return Sessions.cookie(session).replaceFirst("^[^=]+=([^;]*);.*", "$1");
    }

    @Test
    void endsWhenItIsNotUsed() {
        var cookie = value(sessions.open("t"));
        pass(IDLE.minusNanos(1));
        assertThat(sessions.use(cookie)).isPresent();
        pass(IDLE.minusNanos(1));
        assertThat(sessions.use(cookie)).isPresent();
        pass(IDLE);
        assertThat(sessions.use(cookie)).isEmpty();
        assertThat(sessions.count()).isZero();
    }

    @Test
    void endsHoweverMuchItIsUsed() {
        var session = sessions.open("t");
        for (var i = 0; i < 5; i++) {
            pass(Duration.ofMinutes(20));
            assertThat(sessions.use(value(session))).contains(session);
        }
        assertThat(sessions.left(session)).isEqualTo(Duration.ofMinutes(20));
        pass(Duration.ofMinutes(20));
        assertThat(sessions.use(value(session))).isEmpty();
    }

    @Test
    void aTokenHasSoManyAndTheOneLeastUsedGivesWay() {
        var other = sessions.open("other");
        var opened = new ArrayList<Sessions.Session>();
        for (var i = 0; i < Sessions.MOST_OF_A_TOKEN; i++) {
            pass(Duration.ofSeconds(1));
            opened.add(sessions.open("t"));
        }
        pass(Duration.ofSeconds(1));
        sessions.use(value(opened.get(0)));
        sessions.open("t");

        assertThat(sessions.use(value(opened.get(1)))).isEmpty();
        assertThat(sessions.use(value(opened.get(0)))).isPresent();
        assertThat(sessions.use(value(other))).isPresent();
        assertThat(sessions.count()).isEqualTo(Sessions.MOST_OF_A_TOKEN + 1);
    }

    @Test
    void itsSecretsAreDifferentAndLong() {
        var one = sessions.open("t");
        var two = sessions.open("t");

        assertThat(value(one)).hasSize(43).isNotEqualTo(value(two)).isNotEqualTo(one.csrf());
        assertThat(one.csrf()).hasSize(43).isNotEqualTo(two.csrf());
        assertThat(one.toString()).doesNotContain(value(one), one.csrf(), "token");
        assertThat(one.made(one.csrf())).isTrue();
        assertThat(one.made(two.csrf())).isFalse();
        assertThat(one.made(null)).isFalse();
    }

    @Test
    void isForgottenWithTheLogout() {
        var session = sessions.open("t");
        sessions.close(session);
        assertThat(sessions.use(value(session))).isEmpty();
        assertThat(sessions.use("")).isEmpty();
    }
}
