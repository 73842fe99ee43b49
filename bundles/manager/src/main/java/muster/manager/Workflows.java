package muster.manager;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import muster.api.Input;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.JobSpec;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.language.Language;
import muster.api.language.MissingSources;
import muster.api.language.Plan;
import muster.api.language.Script;
import muster.api.language.Sources;
import muster.api.language.WorkflowRequest;
import muster.api.language.WorkflowService;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** Knows the languages that are deployed, and turns their scripts into jobs. */
@Component
public final class Workflows implements WorkflowService {
    private final JobService jobs;
    private final Map<String, Language> languages = new ConcurrentSkipListMap<>();

    @Activate
    public Workflows(@Reference JobService jobs) {
        this.jobs = jobs;
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addLanguage(Language language, Map<String, Object> properties) {
        languages.put(String.valueOf(properties.get(Language.NAME)), language);
    }

    void removeLanguage(Language language, Map<String, Object> properties) {
        languages.remove(String.valueOf(properties.get(Language.NAME)), language);
    }

    @Override
    public List<String> languages() {
        return List.copyOf(languages.keySet());
    }

    @Override
    public String schema(String language) {
        var known = languages.get(language);
        if (known == null) {
            throw MusterException.notFound("no language '" + Names.escape(language) + "' is deployed; " + known());
        }
        return known.schema()
                .orElseThrow(() -> MusterException.notFound(
                        "language '" + language + "' has no schema; its scripts are neither JSON nor YAML"));
    }

    @Override
    public Plan compile(WorkflowRequest request) {
        return compile(request, new Sent(request));
    }

    private Plan compile(WorkflowRequest request, Sent sent) {
        return language(request)
                .compile(new Script(request.file(), request.text(), request.settings(), request.options(), sent));
    }

    @Override
    public JobId run(WorkflowRequest request, String owner, @Nullable String idempotencyKey) {
        var name = request.name().isEmpty()
                ? request.file().substring(request.file().lastIndexOf('/') + 1)
                : request.name();
        var sent = new Sent(request);
        var work = compile(request, sent).work();
        if (!sent.absent.isEmpty()) {
            throw new MissingSources(Set.of(), Set.of(), sent.absent);
        }
        var spec = new JobSpec(name, request.tags(), request.priority(), List.of(), request.maxFails(), work);
        return request.cache() ? jobs.resume(spec, owner, idempotencyKey) : jobs.submit(spec, owner, idempotencyKey);
    }

    private Language language(WorkflowRequest request) {
        if (!request.language().isEmpty()) {
            var language = languages.get(request.language());
            if (language == null) {
                throw MusterException.invalid(
                        "no language '" + Names.escape(request.language()) + "' is deployed; " + known());
            }
            return language;
        }
        return languages.values().stream()
                .filter(language -> language.suffixes().stream().anyMatch(request.file()::endsWith))
                .findFirst()
                .orElseThrow(() -> MusterException.invalid("the name '" + Names.escape(request.file())
                        + "' does not tell its language; give --language; " + known()));
    }

    private String known() {
        var known = new TreeMap<String, String>();
        languages.forEach((name, language) -> known.put(name, String.join(" ", language.suffixes())));
        var words = new ArrayList<String>();
        known.forEach((name, suffixes) -> words.add(name + " (" + suffixes + ")"));
        return words.isEmpty()
                ? "none is; install its feature, such as muster-language-makeflow"
                : "known are " + String.join(", ", words);
    }

    /** What came with a request; all else is asked of its sender. */
    private static final class Sent implements Sources {
        private final WorkflowRequest request;
        private final Set<String> absent = new HashSet<>();

        Sent(WorkflowRequest request) {
            this.request = request;
        }

        @Override
        public String file(String path) {
            var text = request.files().get(path);
            if (text == null) {
                throw new MissingSources(Set.of(path), Set.of(), Set.of());
            }
            return text;
        }

        @Override
        public @Nullable String variable(String name) {
            var value = request.variables().get(name);
            if (value == null && !request.undefined().contains(name)) {
                throw new MissingSources(Set.of(), Set.of(name), Set.of());
            }
            return value;
        }

        @Override
        public List<Input> inputs(String path, String name) {
            var contents = request.contents().get(path);
            if (contents == null) {
                absent.add(path);
                return List.of();
            }
            return contents.stream()
                    .map(content -> new Input(
                            content.name().isEmpty() ? name : name + "/" + content.name(),
                            content.object(),
                            content.executable()))
                    .toList();
        }
    }
}
