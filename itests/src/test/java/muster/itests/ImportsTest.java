package muster.itests;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which bundle may use which: {@code transport} the API; broker and data both; s3 API and data; manager and worker all three; all else the API alone. */
class ImportsTest {
    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("muster");

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "api, -, -, -",
                "transport, api, -, -",
                "broker, api, transport, -",
                "data, api, transport, -",
                "s3, api, data, -",
                "manager, api, transport, data",
                "worker, api, transport, data",
                "rest, api, -, -",
                "shell, api, -, -",
                "executor, api, -, -",
                "language, api, -, -"
            })
    void aBundleUsesNoMoreThanItMay(String bundle, String first, String second, String third) {
        var allowed = Stream.of(bundle, first, second, third)
                .filter(name -> name != null)
                .map(name -> "muster." + name + "..")
                .toArray(String[]::new);

        classes()
                .that(resideInAPackage("muster." + bundle + ".."))
                .should()
                .onlyDependOnClassesThat(resideOutsideOfPackages("muster..").or(resideInAnyPackage(allowed)))
                .check(PRODUCT);
    }

    @Test
    void otherBundlesUseOfTheTransportWhatItExports() {
        classes()
                .that(resideOutsideOfPackages("muster.transport.."))
                .should()
                .onlyDependOnClassesThat(resideOutsideOfPackages("muster.transport.internal.."))
                .check(PRODUCT);
    }

    @Test
    void otherBundlesUseOfTheDataPlaneWhatItExports() {
        classes()
                .that(resideOutsideOfPackages("muster.data.."))
                .should()
                .onlyDependOnClassesThat(resideOutsideOfPackages("muster.data.internal.."))
                .check(PRODUCT);
    }

    @ParameterizedTest
    @CsvSource({"noop", "process", "docker", "singularity"})
    void anExecutorUsesNoOther(String executor) {
        classes()
                .that(resideInAPackage("muster.executor." + executor + ".."))
                .should()
                .onlyDependOnClassesThat(resideOutsideOfPackages("muster.executor..")
                        .or(resideInAPackage("muster.executor." + executor + "..")))
                .check(PRODUCT);
    }

    @Test
    void theApiNeedsNothingButJava() {
        classes()
                .that(resideInAPackage("muster.api.."))
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage("java..", "muster.api..", "org.jspecify..", "org.osgi.annotation.."))
                .check(PRODUCT);
    }

    @Test
    void everyBundleIsLookedAt() {
        var seen = PRODUCT.stream()
                .map(type -> type.getPackageName().split("\\.", 3)[1])
                .collect(Collectors.toSet());
        assertThat(seen)
                .contains(
                        "api",
                        "transport",
                        "broker",
                        "data",
                        "s3",
                        "manager",
                        "worker",
                        "rest",
                        "shell",
                        "executor",
                        "language");
    }
}
