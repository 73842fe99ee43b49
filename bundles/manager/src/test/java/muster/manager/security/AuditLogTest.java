package muster.manager.security;

import static muster.api.executor.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import muster.api.Caller;
import muster.api.Deed;
import muster.api.Role;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AuditLogTest {
    private static final Caller ANNA = new Caller("anna", Role.USER, "0123456789ab");

    @TempDir
    private Path folder;

    private final Moment moment = new Moment();

    private AuditLog open() throws IOException {
        return open(1 << 20);
    }

    private AuditLog open(long mostBytes) throws IOException {
        return new AuditLog(folder.resolve("audit"), mostBytes, moment);
    }

    private static Deed deed(@Nullable Caller caller, String thing, int status) {
        return new Deed(caller, "10.0.0.7", "cancelJob", thing, status);
    }

    private List<String> lines() throws IOException {
        return Files.readAllLines(file());
    }

    private Path file() {
        return folder.resolve("audit").resolve(AuditLog.FILE);
    }

    @Test
    void everyDeedIsALineOfJson() throws IOException {
        try (var log = open()) {
            log.record(deed(ANNA, "17", 200));
            log.record(deed(null, "", 401));
            assertThat(lines())
                    .containsExactly(
                            "{\"time\":\"2026-11-20T08:00:00Z\",\"caller\":\"anna\",\"role\":\"user\","
                                    + "\"token\":\"0123456789ab\",\"address\":\"10.0.0.7\","
                                    + "\"operation\":\"cancelJob\",\"thing\":\"17\",\"status\":200}",
                            "{\"time\":\"2026-11-20T08:00:00Z\",\"caller\":null,\"role\":null,\"token\":null,"
                                    + "\"address\":\"10.0.0.7\",\"operation\":\"cancelJob\",\"thing\":\"\","
                                    + "\"status\":401}");
        }
    }

    @Test
    void whatIsWrittenIsForcedToTheDiskWithoutBeingAsked() throws IOException {
        try (var log = open(1 << 12)) {
            for (var i = 0; i < 100; i++) {
                log.record(deed(ANNA, "17", 200));
            }
            var length = Files.size(file());
            eventually("all is on the disk", () -> log.forcedBytes() == length);
        }
    }

    @Test
    void onlyItsOwnerReadsIt() throws IOException {
        Files.createDirectories(folder.resolve("audit"));
        Files.createFile(file(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")));
        open().close();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file().getParent())))
                .isEqualTo("rwx------");
    }

    @Test
    void controlCharactersAndQuotesCannotForgeALine() throws IOException {
        try (var log = open()) {
            log.record(deed(ANNA, "\u001b[2J\n{\"caller\":\"eve\"}\\\u202e\u0085", 404));
        }
        assertThat(lines())
                .singleElement()
                .asString()
                .contains("\"thing\":\"\\u001b[2J\\u000a{\\\"caller\\\":\\\"eve\\\"}\\\\\\u202e\\u0085\"");
    }

    @Test
    void tokensGivenAsAThingAreNotWritten() throws IOException {
        var secret = "s".repeat(43);
        var object = "sha256:" + "a".repeat(64);
        try (var log = open()) {
            log.record(deed(ANNA, "muster-" + "f".repeat(43) + "." + secret, 404));
            log.record(deed(ANNA, secret, 404));
            log.record(deed(ANNA, object, 200));
        }
        assertThat(Files.readString(file())).doesNotContain(secret).contains(object);
    }

    @Test
    void longThingsAreCut() throws IOException {
        try (var log = open()) {
            log.record(deed(ANNA, "x".repeat(100_000), 404));
        }
        assertThat(Files.size(file())).isLessThan(500);
    }

    @Test
    void whatIsThereIsAddedToAndAHalfLineEnded() throws IOException {
        try (var log = open()) {
            log.record(deed(ANNA, "1", 200));
        }
        Files.writeString(file(), "{\"time\":\"20", StandardOpenOption.APPEND);
        try (var log = open()) {
            log.record(deed(ANNA, "2", 200));
        }
        assertThat(lines()).hasSize(3);
        assertThat(lines().get(0)).contains("\"thing\":\"1\"");
        assertThat(lines().get(2)).contains("\"thing\":\"2\"");
    }

    @Test
    void fullFilesArePutAsideAndNoLineIsLost() throws IOException {
        try (var log = open(1000)) {
            for (var i = 0; i < 50; i++) {
                log.record(deed(ANNA, "job" + i, 200));
            }
        }
        var all = new ArrayList<String>();
        try (var files = Files.list(file().getParent())) {
            for (var file : files.toList()) {
                assertThat(Files.size(file)).isLessThanOrEqualTo(1000);
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                        .isEqualTo("rw-------");
                all.addAll(Files.readAllLines(file));
            }
        }
        assertThat(all).hasSize(50).doesNotHaveDuplicates();
    }

    @Test
    void strangersCannotFillTheDiskAndWhatWasLeftOutIsCounted() throws IOException {
        try (var log = open()) {
            for (var i = 0; i < 100_000; i++) {
                log.record(deed(null, "", 401));
            }
            assertThat(lines()).hasSize(AuditLog.REFUSALS_A_MINUTE);
            log.record(deed(ANNA, "1", 403));
            assertThat(lines().get(AuditLog.REFUSALS_A_MINUTE))
                    .contains("\"operation\":\"unwritten\",\"times\":99900}");
            assertThat(lines().get(AuditLog.REFUSALS_A_MINUTE + 1)).contains("anna");
            moment.pass(Duration.ofMinutes(1));
            log.record(deed(null, "", 401));
            assertThat(lines()).hasSize(AuditLog.REFUSALS_A_MINUTE + 3);
        }
    }

    @Test
    void aRenewalNeedsNoTokenAndIsAlwaysWritten() throws IOException {
        try (var log = open()) {
            for (var i = 0; i < 300; i++) {
                log.record(new Deed(null, "10.0.0.7", "renewWorker", "w" + i, 200));
            }
        }
        assertThat(lines()).hasSize(300);
    }
}
