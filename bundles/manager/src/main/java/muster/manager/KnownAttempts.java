package muster.manager;

import muster.api.AttemptId;
import muster.api.Work;
import muster.manager.scheduler.JobRun;
import org.jspecify.annotations.Nullable;

/** Tells the scheduler and the cache of files, and files of what was decided. Not on the reactor's thread. */
record KnownAttempts(Manager manager) implements ManagerFiles.Attempts {
    private record Run(@Nullable JobRun job) {}

    @Override
    public boolean current(String worker, AttemptId attempt) {
        return manager.reactor.ask(() -> manager.scheduler.current(worker, attempt) != null);
    }

    @Override
    public boolean leads() {
        return manager.store.leads();
    }

    @Override
    public void made(Outputs.Made made) {
        var attempt = made.attempt();
        var job = manager.reactor
                .ask(() -> new Run(manager.scheduler.job(attempt.task().job())))
                .job();
        if (job == null || !(job.spec.work() instanceof Work.Graph graph)) {
            return;
        }
        if (made.manifest().items().stream().anyMatch(item -> !item.kept())) {
            manager.reactor.post(() -> manager.scheduler.made(made.worker(), attempt, made.leftBytes()));
        }
        var cache = manager.cache();
        if (cache != null && job.spec.secrets().isEmpty()) {
            cache.remember(job.id, job.owner, graph, made);
        }
    }

    @Override
    public void gone(AttemptId attempt) {
        manager.reactor.post(() -> manager.scheduler.gone(attempt));
    }
}
