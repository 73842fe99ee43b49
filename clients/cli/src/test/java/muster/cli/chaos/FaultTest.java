package muster.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class FaultTest {
    @Test
    void theSameSeedGivesTheSameFaults() {
        assertThat(Fault.plan(17, 200, 3)).isEqualTo(Fault.plan(17, 200, 3)).isNotEqualTo(Fault.plan(18, 200, 3));
        assertThat(Fault.plan(17, 200, 3).subList(0, 50)).isEqualTo(Fault.plan(17, 50, 3));
    }

    @Test
    void everyKindHappensToEveryNode() {
        assertThat(Fault.plan(1, 200, 2))
                .extracting(fault -> fault.kind() + " " + fault.node())
                .contains(
                        "KILL manager",
                        "STOP manager",
                        "CUT manager",
                        "KILL broker",
                        "STOP broker",
                        "CUT broker",
                        "KILL w1",
                        "STOP w1",
                        "CUT w1",
                        "KILL w2",
                        "STOP w2",
                        "CUT w2");
        assertThat(Fault.plan(1, 200, 2))
                .allMatch(fault -> fault.after().plus(fault.lasts()).compareTo(Duration.ofSeconds(16)) < 0);
    }
}
