package muster.manager;

import java.util.List;
import java.util.Optional;
import muster.api.ErrorCode;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.JobSpec;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.ObjectService;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.api.language.DynamicLanguage;
import muster.api.language.Plan;
import muster.api.language.WorkflowRequest;
import muster.api.language.WorkflowService;
import muster.manager.Languages.Known;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Turns scripts of the languages that are deployed into jobs. */
@Component
public final class Workflows implements WorkflowService {
    private final JobService jobs;
    private final ObjectService objects;
    private final Languages languages;

    @Activate
    public Workflows(@Reference JobService jobs, @Reference ObjectService objects, @Reference Languages languages) {
        this.jobs = jobs;
        this.objects = objects;
        this.languages = languages;
    }

    @Override
    public List<String> languages() {
        return languages.newest().stream().map(Known::name).toList();
    }

    @Override
    public String schema(String language) {
        return named(language)
                .orElseThrow(() -> MusterException.notFound(
                        "no language '" + Names.escape(language) + "' is deployed; " + known()))
                .language()
                .schema()
                .orElseThrow(() -> MusterException.notFound(
                        "language '" + language + "' has no schema; its scripts are neither JSON nor YAML"));
    }

    private Optional<Known> named(String name) {
        return languages.newest().stream()
                .filter(known -> known.name().equals(name))
                .findFirst();
    }

    @Override
    public Plan compile(WorkflowRequest request, String owner) {
        return language(request).language().compile(new Sent(request, new EarlierJobs(jobs, objects, owner)).script());
    }

    @Override
    public JobId run(WorkflowRequest request, String owner, @Nullable String idempotencyKey) {
        var sent = new Sent(request, new EarlierJobs(jobs, objects, owner));
        var known = language(request);
        var plan = known.language().compile(sent.script());
        sent.requireAll();
        plan.requireSecrets(request.secrets());
        if (known.language() instanceof DynamicLanguage language) {
            var driving = languages.jobs();
            if (driving == null) {
                throw new MusterException(ErrorCode.UNAVAILABLE, "this manager leads no more, or not yet; try again");
            }
            return driving.drive(known, language, sent, request, first -> spec(request, first), owner, idempotencyKey);
        }
        var spec = spec(request, plan.work());
        return request.cache() ? jobs.resume(spec, owner, idempotencyKey) : jobs.submit(spec, owner, idempotencyKey);
    }

    private static JobSpec spec(WorkflowRequest request, Work work) {
        var name = request.name().isEmpty()
                ? request.file().substring(request.file().lastIndexOf('/') + 1)
                : request.name();
        return new JobSpec(
                name,
                request.tags(),
                request.priority(),
                List.of(),
                request.maxFails(),
                request.mayFail() ? mayFail(work) : work,
                request.secrets());
    }

    private static Work mayFail(Work work) {
        if (work instanceof Work.Graph graph) {
            return new Work.Graph(graph.tasks().stream().map(Workflows::mayFail).toList());
        } else if (work instanceof Work.Array array) {
            return new Work.Array(mayFail(array.task()), array.indices(), array.items(), array.throttle());
        }
        return new Work.Single(mayFail(((Work.Single) work).task()));
    }

    private static TaskSpec mayFail(TaskSpec task) {
        return task.toBuilder().mayFail(true).build();
    }

    private Known language(WorkflowRequest request) {
        if (!request.language().isEmpty()) {
            return named(request.language())
                    .orElseThrow(() -> MusterException.invalid(
                            "no language '" + Names.escape(request.language()) + "' is deployed; " + known()));
        }
        return languages.newest().stream()
                .filter(known -> known.language().suffixes().stream().anyMatch(request.file()::endsWith))
                .findFirst()
                .orElseThrow(() -> MusterException.invalid("the name '" + Names.escape(request.file())
                        + "' does not tell its language; give --language; " + known()));
    }

    private String known() {
        var words = languages.newest().stream()
                .map(known ->
                        known.name() + " (" + String.join(" ", known.language().suffixes()) + ")")
                .toList();
        return words.isEmpty()
                ? "none is; install its feature, such as muster-language-makeflow"
                : "known are " + String.join(", ", words);
    }
}
