package muster.executor.singularity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageTest {
    @ParameterizedTest
    @CsvSource({
        "/images/tool.sif, FILE, /images/tool.sif",
        "tool.sif, FILE, tool.sif",
        "./root, FILE, ./root",
        "/images/root, FILE, /images/root",
        "tool.tar, ARCHIVE, tool.tar",
        "/images/tool.tar.gz, ARCHIVE, /images/tool.tar.gz",
        "docker-archive:tool, ARCHIVE, tool",
        "debian:12, REMOTE, docker://debian:12",
        "ghcr.io/a/b@sha256:ab, REMOTE, docker://ghcr.io/a/b@sha256:ab",
        "docker://debian:12, REMOTE, docker://debian:12",
        "oras://ghcr.io/a/b:1, REMOTE, oras://ghcr.io/a/b:1"
    })
    void tellsFilesFromImagesOfRegistries(String text, Image.Kind kind, String source) {
        assertThat(Image.of(text)).isEqualTo(new Image(text, kind, source));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "--writable", "instance://other", "http://host/x.sif"})
    void refusesWhatIsNoImage(String text) {
        assertThatThrownBy(() -> Image.of(text)).hasMessageContaining("image '" + text + "'");
    }
}
