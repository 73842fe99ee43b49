package muster.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.ws.rs.HttpMethod;
import muster.api.Role;
import muster.rest.json.JobSpecReader;
import muster.rest.json.JobSpecWriter;
import org.junit.jupiter.api.Test;

class OpenApiTest {
    /** Run with -Dmuster.openapi.write to bring the file up to date. */
    @Test
    void documentIsUpToDate() throws IOException {
        var made = OpenApiDocument.make();
        if (System.getProperty("muster.openapi.write") != null) {
            Files.writeString(OpenApiDocument.FILE, made);
        }
        assertThat(Files.readString(OpenApiDocument.FILE)).isEqualTo(made);
    }

    @Test
    void everyOperationHasAnIdOfItsOwnAndASummary() {
        var ids = new ArrayList<String>();
        operations().forEach(operation -> {
            assertThat(operation.path("summary").asText()).isNotEmpty();
            ids.add(operation.path("operationId").asText());
        });
        assertThat(ids).doesNotHaveDuplicates().doesNotContain("").hasSizeGreaterThan(20);
    }

    @Test
    void everyReferenceLeadsSomewhere() {
        var references = Conformance.DOCUMENT.findValuesAsText("$ref");
        assertThat(references).isNotEmpty();
        assertThat(references).allSatisfy(reference -> assertThat(
                        Conformance.DOCUMENT.at(reference.substring(1)).isMissingNode())
                .as(reference)
                .isFalse());
    }

    @Test
    void everySuccessIsDescribed() {
        operations().forEach(operation -> assertThat(operation.path("responses").properties().stream()
                        .filter(entry -> entry.getKey().startsWith("2"))
                        .map(entry -> entry.getValue())
                        .allMatch(response -> response.has("description")))
                .isTrue());
    }

    @Test
    void everyMethodSaysWhomItServes() {
        for (var resource : Api.RESOURCES) {
            for (var method : endpoints(resource)) {
                var open = method.isAnnotationPresent(Open.class);
                assertThat(method.isAnnotationPresent(Needs.class))
                        .as(method.toString())
                        .isNotEqualTo(open);
            }
        }
    }

    @Test
    void changesNeedMoreThanAViewer() {
        for (var resource : Api.RESOURCES) {
            for (var method : endpoints(resource)) {
                var changes = Stream.of(method.getAnnotations())
                        .map(annotation -> annotation.annotationType().getAnnotation(HttpMethod.class))
                        .anyMatch(verb -> verb != null && !verb.value().equals(HttpMethod.GET));
                // a viewer's own login changes nothing of the cluster
                if (changes && !method.isAnnotationPresent(Open.class) && resource != SessionResource.class) {
                    assertThat(method.getAnnotation(Needs.class).value())
                            .as(method.toString())
                            .isGreaterThan(Role.VIEWER);
                }
            }
        }
    }

    @Test
    void jobsAsWrittenBackConformToTheSchemaOfSubmits() throws IOException {
        for (var example : List.of(
                "{'task':{'command':['true'],'resources':{'memory':'8GiB'},'timeLimit':'90s','parameters':{'a':[1,2.5]}}}",
                "{'array':{'task':{'command':['true']},'indices':'0-99%10'},'after':[{'job':'1','on':'end'}]}",
                "{'array':{'task':{'command':['true']},'items':['a',{'b':1}]},'maxFails':2}",
                "{'task':{'command':['true']},'secrets':[{'name':'A','value':'b'},{'name':'B','base64':'AA==','as':'file'}]}",
                "{'graph':{'tasks':[{'name':'a','command':['x']},{'name':'b','command':['x'],'needs':['a']}]}}")) {
            var node = Conformance.MAPPER.readTree(example.replace('\'', '"'));
            Conformance.validate("#/components/schemas/JobSpec", node);
            Conformance.validate("#/components/schemas/JobSpec", JobSpecWriter.write(JobSpecReader.read(node)));
        }
    }

    @Test
    void examplesOfJobsAreJobs() {
        var examples = Conformance.DOCUMENT.at("/components/schemas/JobSpec/examples");
        assertThat(examples).hasSizeGreaterThan(2);
        assertThat(examples).allSatisfy(example -> {
            Conformance.validate("#/components/schemas/JobSpec", example);
            assertThat(JobSpecReader.read(example).work().size()).isPositive();
        });
    }

    private static List<JsonNode> operations() {
        var operations = new ArrayList<JsonNode>();
        Conformance.DOCUMENT.path("paths").properties().forEach(path -> path.getValue()
                .elements()
                .forEachRemaining(operations::add));
        return operations;
    }

    static List<Method> endpoints(Class<?> resource) {
        return Stream.of(resource.getMethods())
                .filter(method -> Stream.of(method.getAnnotations())
                        .anyMatch(annotation -> annotation.annotationType().isAnnotationPresent(HttpMethod.class)))
                .toList();
    }
}
