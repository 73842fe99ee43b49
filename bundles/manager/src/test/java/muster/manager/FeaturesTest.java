package muster.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import muster.api.ErrorCode;
import muster.api.MusterException;
import org.apache.karaf.features.internal.model.Bundle;
import org.apache.karaf.features.internal.model.Config;
import org.apache.karaf.features.internal.model.Dependency;
import org.apache.karaf.features.internal.model.Feature;
import org.junit.jupiter.api.Test;

class FeaturesTest {
    private static final String JNA = "mvn:net.java.dev.jna/jna/5.0";

    private final List<Feature> known = new ArrayList<>(List.of(
            feature("muster-api", "mvn:io.muster/muster-api/1.0"),
            needs(feature("muster-worker", JNA, "mvn:io.muster/muster-worker/1.0"), "muster-api"),
            needs(feature("muster-manager", "mvn:io.muster/muster-manager/1.0"), "muster-api"),
            needs(feature("muster-executor-docker", "mvn:io.muster/muster-executor-docker/1.0"), "muster-api"),
            needs(feature("muster-executor-native", JNA, "mvn:io.muster/muster-executor-native/1.0"), "muster-api"),
            needs(
                    feature("muster-executor-singularity", "mvn:io.muster/muster-executor-singularity/1.0"),
                    "muster-executor-native")));
    private final Features features = new Features(() -> known.toArray(Feature[]::new));

    @Test
    void aWorkerGetsWhatItLacksInTheOrderOfNeed() {
        assertThat(features.lacking("docker")).containsExactly("mvn:io.muster/muster-executor-docker/1.0");
        assertThat(features.lacking("singularity"))
                .containsExactly(
                        "mvn:io.muster/muster-executor-native/1.0", "mvn:io.muster/muster-executor-singularity/1.0");
    }

    @Test
    void aWorkerLosesWhatIsTheFeaturesOwnFromTheLastOn() {
        var pair = feature("pair", "mvn:org.acme/first/1.0", "mvn:org.acme/second/1.0", "mvn:org.acme/library/1.0");
        pair.getBundle().get(2).setDependency(true);
        known.add(needs(pair, "muster-executor-native"));

        assertThat(features.own("pair")).containsExactly("second.jar", "first.jar");
        assertThat(features.own("singularity")).containsExactly("muster-executor-singularity.jar");
    }

    @Test
    void ofSeveralVersionsTheNewestCounts() {
        for (var version : List.of("10.0", "9.0")) {
            var gpu = new Feature("gpu", version);
            gpu.getBundle().add(new Bundle("mvn:org.acme/gpu/" + version));
            known.add(needs(gpu, "muster-api"));
        }

        assertThat(features.lacking("gpu")).containsExactly("mvn:org.acme/gpu/10.0");
    }

    @Test
    void whatIsNotForWorkersIsRefusedWithTheNamesThatAre() {
        known.add(feature("ssh", "mvn:org/sshd/1"));
        known.add(needs(feature("page", "mvn:org.acme/page/1"), "muster-manager"));
        known.add(needs(feature("gpu", "mvn:org.acme/gpu/1"), "muster-executor-native"));

        for (var name : List.of("manager", "muster-manager", "muster-worker", "ssh", "page", "dokcer", "")) {
            assertThatThrownBy(() -> features.lacking(name))
                    .hasMessage("workers can be given no feature '" + name
                            + "'; there are gpu, docker, native, singularity")
                    .isInstanceOfSatisfying(
                            MusterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
            assertThatThrownBy(() -> features.own(name)).hasMessageContaining("no feature '" + name + "'");
        }
    }

    @Test
    void anExecutorIsMeantBeforeAFeatureOfThatName() {
        known.add(needs(feature("docker", "mvn:org.acme/docker-commands/1"), "muster-api"));

        assertThat(features.lacking("docker")).containsExactly("mvn:io.muster/muster-executor-docker/1.0");
        assertThat(features.lacking("muster-executor-docker")).isEqualTo(features.lacking("docker"));
    }

    @Test
    void whatIsMoreThanBundlesIsRefused() {
        var gpu = feature("gpu", "mvn:org.acme/gpu/1");
        gpu.getConfig().add(new Config());
        known.add(needs(gpu, "muster-api"));

        assertThatThrownBy(() -> features.lacking("gpu")).hasMessageContaining("'gpu' is more than bundles");
    }

    @Test
    void whatEveryWorkerHasIsRefused() {
        known.add(needs(feature("api", "mvn:io.muster/muster-api/1.0"), "muster-worker"));

        assertThatThrownBy(() -> features.lacking("api")).hasMessageContaining("has no bundle that a worker has not");
        assertThatThrownBy(() -> features.own("api")).hasMessageContaining("has no bundle that a worker has not");
    }

    @Test
    void aBundleIsCalledTheSameInEveryVersion() {
        assertThat(Features.file("mvn:org.acme/gpu/1.0")).isEqualTo("gpu.jar");
        assertThat(Features.file("mvn:org.acme/gpu")).isEqualTo("gpu.jar");
        assertThat(Features.file("mvn:https://acme.org/maven!org.acme/gpu/1.0/jar"))
                .isEqualTo("gpu.jar");
        assertThat(Features.file("mvn:org.acme/gpu/1.0/jar/cuda")).isEqualTo("gpu-cuda.jar");
        for (var other : List.of("wrap:mvn:org.acme/gpu/1.0", "file:/gpu.jar", "mvn:gpu", "")) {
            assertThatThrownBy(() -> Features.file(other)).hasMessageContaining("is not named as mvn:");
        }
    }

    @Test
    void saysThatTheFeaturesCannotBeRead() {
        var broken = new Features(() -> {
            throw new IOException("no repository");
        });

        assertThatThrownBy(() -> broken.lacking("docker")).hasMessageContaining("no repository");
    }

    private static Feature feature(String name, String... bundles) {
        var feature = new Feature(name, "1.0");
        for (var bundle : bundles) {
            feature.getBundle().add(new Bundle(bundle));
        }
        return feature;
    }

    private static Feature needs(Feature feature, String needed) {
        feature.getFeature().add(new Dependency(needed, "1.0"));
        return feature;
    }
}
