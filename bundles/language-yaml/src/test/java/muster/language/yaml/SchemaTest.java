package muster.language.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import muster.api.Input;
import muster.api.language.Script;
import muster.api.language.Sources;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The published schema says what the reader takes. */
class SchemaTest {
    private static final Path EXAMPLES = Path.of("../../docs/examples");
    private static final Pattern NUMBER = Pattern.compile("-?[0-9]+(\\.[0-9]+)?");

    private final JsonNode document = read();
    private final JsonSchema schema =
            JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(document);

    private static JsonNode read() {
        try {
            return new ObjectMapper().readTree(new YamlLanguage().schema().orElseThrow());
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    /** As an editor sees it. */
    private static JsonNode json(Node node) {
        var factory = JsonNodeFactory.instance;
        if (node.absent()) {
            return factory.nullNode();
        }
        if (node instanceof Node.Mapping mapping) {
            var object = factory.objectNode();
            mapping.entries().forEach((key, entry) -> object.set(key, json(entry.value())));
            return object;
        }
        if (node instanceof Node.Sequence sequence) {
            var array = factory.arrayNode();
            sequence.items().forEach(item -> array.add(json(item)));
            return array;
        }
        var scalar = (Node.Scalar) node;
        if (scalar.plain() && List.of("true", "false").contains(scalar.text())) {
            return factory.booleanNode(Boolean.parseBoolean(scalar.text()));
        }
        return scalar.plain() && NUMBER.matcher(scalar.text()).matches()
                ? factory.numberNode(Double.parseDouble(scalar.text()))
                : factory.textNode(scalar.text());
    }

    private List<String> refusals(String yaml) {
        return schema.validate(json(Document.read("w.yaml", yaml))).stream()
                .map(Object::toString)
                .toList();
    }

    private Set<String> keys(String pointer) {
        return Set.copyOf(iterable(document.at(pointer + "/properties")));
    }

    private static List<String> iterable(JsonNode object) {
        var names = new ArrayList<String>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void namesEveryKeyThatIsRead() {
        assertThat(keys("")).isEqualTo(Reader.SCRIPT);
        assertThat(keys("/properties/defaults")).isEqualTo(Reader.DEFAULTS);
        assertThat(keys("/$defs/task")).isEqualTo(Reader.TASK);
        assertThat(keys("/$defs/resources")).isEqualTo(Reader.RESOURCES);
        assertThat(keys("/$defs/secret/anyOf/1")).isEqualTo(Reader.SECRET);
        assertThat(keys("/$defs/input/anyOf/1")).isEqualTo(Reader.INPUT);
        assertThat(keys("/$defs/output/anyOf/1")).isEqualTo(Reader.OUTPUT);
    }

    @Test
    void theExamplesAreRight() throws IOException {
        var tasks = Map.of("sunlight.yaml", 379, "sweep.yaml", 51);
        for (var example : tasks.entrySet()) {
            var text = Files.readString(EXAMPLES.resolve(example.getKey()));
            var settings =
                    example.getKey().equals("sunlight.yaml") ? Map.of("jar", "/x.jar") : Map.<String, String>of();

            assertThat(refusals(text)).as(example.getKey()).isEmpty();
            assertThat(new YamlLanguage()
                            .compile(new Script(example.getKey(), text, settings, Map.of(), new Nothing()))
                            .work()
                            .size())
                    .as(example.getKey())
                    .isEqualTo(example.getValue());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a: b",
                "tasks: {}",
                "tasks: {'a b': {run: x}}",
                "tasks: {t: {rum: x}}",
                "tasks: {t: {run: [x]}}",
                "tasks: {t: {run: x, command: [x]}}",
                "tasks: {t: {command: x}}",
                "tasks: {t: {run: x, outputs: [{path: a, keep: maybe}]}}",
                "tasks: {t: {run: x, inputs: [{name: a}]}}",
                "tasks: {t: {run: x, matrix: {a: 1..2}, foreach: [{b: 1}]}}",
                "tasks: {t: {run: x, foreach: []}}",
                "defaults: {inputs: [a]}\ntasks: {t: {run: x}}",
                "secrets: [A-B]\ntasks: {t: {run: x}}",
                "secrets: [{name: A, as: variable}]\ntasks: {t: {run: x}}",
                "secrets: [{as: file}]\ntasks: {t: {run: x}}",
                "settings: {1: a}\ntasks: {t: {run: x}}",
            })
    void refusesWhatTheReaderRefuses(String yaml) {
        assertThat(refusals(yaml)).isNotEmpty();
        assertThat(refused(yaml)).isTrue();
    }

    private static boolean refused(String yaml) {
        try {
            Reader.read("w.yaml", yaml, Map.of());
            return false;
        } catch (muster.api.MusterException e) {
            return true;
        }
    }

    /** Nothing was uploaded. */
    private static final class Nothing implements Sources {
        @Override
        public String file(String path) {
            throw new UnsupportedOperationException(path);
        }

        @Override
        public @Nullable String variable(String name) {
            return null;
        }

        @Override
        public List<Input> inputs(String path, String name) {
            return List.of();
        }
    }
}
