package muster.rest;

import java.util.List;
import java.util.Map;
import java.util.Set;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.JobSpec;
import muster.api.MusterException;
import muster.api.Secret;
import muster.api.TaskSpec;
import muster.api.Work;
import muster.api.language.MissingSources;
import muster.api.language.Plan;
import muster.api.language.WorkflowRequest;
import muster.api.language.WorkflowService;
import org.jspecify.annotations.Nullable;

/** One language, whose script names a file that must be sent, and whose task takes another. */
final class FakeWorkflows implements WorkflowService {
    private final JobService jobs;

    FakeWorkflows(JobService jobs) {
        this.jobs = jobs;
    }

    @Override
    public List<String> languages() {
        return List.of("fake");
    }

    @Override
    public String schema(String language) {
        if (!languages().contains(language)) {
            throw MusterException.notFound("no language '" + language + "' is deployed");
        }
        return "{\"title\":\"fake\"}";
    }

    @Override
    public Plan compile(WorkflowRequest request, String owner) {
        if (!request.file().endsWith(".fake")) {
            throw MusterException.invalid("the name '" + request.file() + "' does not tell its language");
        }
        if (!request.files().containsKey(request.text())) {
            throw new MissingSources(Set.of(request.text()), Set.of(), Set.of());
        }
        return new Plan(
                work(request),
                List.of("in"),
                List.of(new Plan.Delivery("out", "first", "made")),
                Map.of("default", 1),
                List.of(new Secret("KEY", Secret.Place.FILE, null)));
    }

    private static Work work(WorkflowRequest request) {
        return JobSpec.command(List.of(request.text())).work() instanceof Work.Single single
                ? new Work.Graph(List.of(named(single.task())))
                : JobSpec.command(List.of()).work();
    }

    private static TaskSpec named(TaskSpec task) {
        return task.toBuilder().name("first").build();
    }

    @Override
    public JobId run(WorkflowRequest request, String owner, @Nullable String idempotencyKey) {
        var work = compile(request, owner).work();
        if (!request.contents().containsKey("in")) {
            throw new MissingSources(Set.of(), Set.of(), Set.of("in"));
        }
        return jobs.submit(
                new JobSpec(request.file(), List.of(), 0, List.of(), null, work, request.secrets()),
                owner,
                idempotencyKey);
    }
}
