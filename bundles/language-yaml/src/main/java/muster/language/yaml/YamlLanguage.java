package muster.language.yaml;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.language.Language;
import muster.api.language.Plan;
import muster.api.language.Script;
import org.osgi.service.component.annotations.Component;

/**
 * Muster's own form of workflows. A task takes files that others make, by their names, and becomes many by a matrix or by
 * rows of values.
 */
@Component(property = Language.NAME + "=yaml")
public final class YamlLanguage implements Language {
    /** Option: the executor of the tasks that name none. */
    static final String EXECUTOR = "executor";

    /** Option: the image of the tasks that name none. */
    static final String IMAGE = "image";

    /** Option: how often a failed task is tried again, where it does not say. */
    static final String RETRIES = "retries";

    /** Option, {@code true} or {@code false}: whether what another task takes stays on the workers, even if it is to be kept. */
    static final String OUTPUTS_ONLY = "outputs-only";

    private static final Set<String> OPTIONS = Set.of(EXECUTOR, IMAGE, RETRIES, OUTPUTS_ONLY);

    @Override
    public List<String> suffixes() {
        return List.of(".yaml", ".yml");
    }

    @Override
    public Optional<String> schema() {
        try (var in = Objects.requireNonNull(getClass().getResourceAsStream("workflow.schema.json"))) {
            return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Plan compile(Script script) {
        for (var option : script.options().keySet()) {
            if (!OPTIONS.contains(option)) {
                throw MusterException.invalid(
                        "workflows in YAML have no option '" + Names.escape(option) + "'; known are "
                                + String.join(", ", OPTIONS.stream().sorted().toList()));
            }
        }
        return Compiler.compile(Reader.read(script.file(), script.text(), script.settings()), script);
    }
}
