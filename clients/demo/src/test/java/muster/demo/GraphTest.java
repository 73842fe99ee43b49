package muster.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GraphTest {
    @Test
    void has379Tasks() throws IOException {
        var tasks = tasks();
        assertThat(tasks).hasSize(379);
        assertThat(tasks.keySet()).contains("terrain", "day-001", "day-365", "month-01", "month-12", "year");
    }

    @Test
    void eachStepNeedsTheOneBefore() throws IOException {
        var tasks = tasks();
        assertThat(needs(tasks, "terrain")).isEmpty();
        for (var day = 1; day <= 365; day++) {
            assertThat(needs(tasks, Year.dayName(day))).containsExactly("terrain");
        }
        assertThat(needs(tasks, "month-02"))
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(32, 59).mapToObj(Year::dayName).toList());
        assertThat(needs(tasks, "year"))
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(1, 12).mapToObj(Year::monthName).toList());
        var needed = new ArrayList<String>();
        tasks.keySet().forEach(name -> needed.addAll(needs(tasks, name)));
        assertThat(needed.stream().filter(name -> name.startsWith("day-")))
                .hasSize(365)
                .doesNotHaveDuplicates();
    }

    /** Tasks stand in an order in which they could run. */
    @Test
    void hasNoCycle() throws IOException {
        var before = new HashSet<String>();
        var tasks = tasks();
        tasks.forEach((name, task) -> {
            assertThat(before).containsAll(needs(tasks, name));
            before.add(name);
        });
    }

    @Test
    void eachTaskIsACommandOfThisProgramWithOneCoreAndOneRetry() throws IOException {
        var tasks = tasks();
        assertThat(words(tasks, "terrain"))
                .containsExactly("java \"17\"", "-cp", "a\\b.jar", "terrain", "/sun\tny", "--dem", "/ü.tif");
        assertThat(words(tasks, "day-060")).endsWith("day", "60", "/sun\tny");
        assertThat(words(tasks, "month-12")).endsWith("month", "12", "/sun\tny");
        assertThat(words(tasks, "year")).endsWith("year", "/sun\tny");
        tasks.values().forEach(task -> {
            assertThat(task.at("/resources/cores").intValue()).isEqualTo(1);
            assertThat(task.get("retries").intValue()).isEqualTo(1);
        });
    }

    @Test
    void isTagged() throws IOException {
        assertThat(job().get("tags").get(0).textValue()).isEqualTo("demo");
        assertThat(job().get("name").textValue()).isEqualTo("sunlight");
    }

    private static JsonNode job() throws IOException {
        return new ObjectMapper()
                .readTree(Graph.json(
                        List.of("java \"17\"", "-cp", "a\\b.jar"), Path.of("/sun\tny"), List.of("--dem", "/ü.tif")));
    }

    private static Map<String, JsonNode> tasks() throws IOException {
        var tasks = new LinkedHashMap<String, JsonNode>();
        job().at("/graph/tasks").forEach(task -> tasks.put(task.get("name").textValue(), task));
        return tasks;
    }

    private static List<String> needs(Map<String, JsonNode> tasks, String name) {
        return strings(tasks, name, "needs");
    }

    private static List<String> words(Map<String, JsonNode> tasks, String name) {
        return strings(tasks, name, "command");
    }

    private static List<String> strings(Map<String, JsonNode> tasks, String name, String field) {
        var strings = new ArrayList<String>();
        tasks.get(name).get(field).forEach(string -> strings.add(string.textValue()));
        return strings;
    }
}
