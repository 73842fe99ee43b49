package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A secret that is found wherever it has leaked to: as it is, in hexadecimal and in base64.
 *
 * @param value random, of ASCII characters
 */
record Canary(String value) {
    /** A part of base64 that stands for whole bytes of the value wherever it begins. */
    private static final int EDGE = 4;

    static Canary random() {
        var bytes = new byte[24];
        new SecureRandom().nextBytes(bytes);
        return new Canary("canary-" + HexFormat.of().formatHex(bytes));
    }

    /** SHA-256 in hexadecimal. */
    String digest() {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(value.getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<String> forms() {
        var forms = new ArrayList<String>();
        forms.add(value);
        forms.add(HexFormat.of().formatHex(value.getBytes(StandardCharsets.US_ASCII)));
        forms.add(forms.get(1).toUpperCase(Locale.ROOT));
        for (var before : List.of("", "x", "xx")) {
            var text = Base64.getEncoder().encodeToString((before + value).getBytes(StandardCharsets.US_ASCII));
            forms.add(text.substring(EDGE, text.length() - EDGE));
        }
        return forms;
    }

    void requireAbsent(String place, String text) {
        assertThat(text).as(place).isNotEmpty();
        for (var form : forms()) {
            assertThat(text.contains(form)).as(place + " has the secret").isFalse();
        }
    }

    /** Of all processes of this machine. */
    void requireAbsentFromCommandLines() throws IOException {
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (var process : processes) {
                var file = process.resolve("cmdline");
                try {
                    var line = Files.readString(file, StandardCharsets.ISO_8859_1);
                    if (!line.isEmpty()) {
                        requireAbsent(file.toString(), line);
                    }
                } catch (NoSuchFileException e) {
                    // it has ended
                    continue;
                } catch (IOException e) {
                    if (Files.exists(process)) {
                        throw e;
                    }
                }
            }
        }
    }

    /** From the contents and names of all files in a folder. */
    void requireAbsentBelow(Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.filter(Files::isRegularFile).toList();
        }
        assertThat(files).isNotEmpty();
        for (var file : files) {
            try {
                requireAbsent(file.toString(), file + Files.readString(file, StandardCharsets.ISO_8859_1));
            } catch (NoSuchFileException e) {
                // a file of a moment
                continue;
            }
        }
    }
}
