package muster.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** The shipped configuration: only keys that stand in a file can be overridden from the environment. */
class ConfigurationTest {
    private static final Path BUNDLES = Path.of("../bundles");
    private static final Path ETC = Path.of("../karaf-assembly/all/target/assembly/etc");

    @Test
    void everyKeyStandsInItsFileWithItsDefault() throws Exception {
        var designed = new TreeMap<String, TreeMap<String, String>>();
        for (var metatype : metatypes()) {
            var pid = element(metatype, "Designate").getAttribute("pid");
            var keys = designed.computeIfAbsent(pid, name -> new TreeMap<>());
            var attributes = metatype.getElementsByTagName("AD");
            for (var i = 0; i < attributes.getLength(); i++) {
                var attribute = (Element) attributes.item(i);
                // a comma in a metatype's default is escaped, since one without separates values
                keys.put(
                        attribute.getAttribute("id"),
                        attribute.getAttribute("default").replace("\\,", ","));
            }
        }

        assertThat(designed).containsKeys("muster.manager", "muster.broker", "muster.rest", "muster.worker");
        for (var pid : designed.keySet()) {
            var shipped = new Properties();
            try (var in = Files.newBufferedReader(ETC.resolve(pid + ".cfg"))) {
                shipped.load(in);
            }
            assertThat(new TreeSet<Object>(shipped.keySet()))
                    .as(pid)
                    .isEqualTo(designed.get(pid).keySet());
            designed.get(pid).forEach((key, value) -> {
                if (!value.isEmpty()) {
                    assertThat(shipped.getProperty(key)).as(pid + " " + key).isEqualTo(value);
                }
            });
        }
    }

    @Test
    void everyKeyIsCommented() throws IOException {
        try (var files = Files.newDirectoryStream(ETC, "muster.*.cfg")) {
            for (var file : files) {
                var commented = false;
                for (var line : Files.readAllLines(file)) {
                    assertThat(line.isBlank() || line.startsWith("#") || commented)
                            .as("%s: %s", file.getFileName(), line)
                            .isTrue();
                    commented = !line.isBlank();
                }
            }
        }
    }

    private static Iterable<Document> metatypes() throws IOException {
        try (Stream<Path> all = Files.walk(BUNDLES, 6)) {
            return all.filter(path -> path.toString().matches(".*/target/classes/OSGI-INF/metatype/.*\\.xml"))
                    .map(ConfigurationTest::parse)
                    .toList();
        }
    }

    private static Document parse(Path xml) {
        try {
            return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(xml.toFile());
        } catch (Exception e) {
            throw new IllegalStateException(xml.toString(), e);
        }
    }

    private static Element element(Document document, String name) {
        return (Element) document.getElementsByTagName(name).item(0);
    }
}
