package muster.manager;

import muster.api.AttemptId;

/** Tells the scheduler of files, and files of what it decided. Not on the reactor's thread. */
record KnownAttempts(Manager manager) implements ManagerFiles.Attempts {
    @Override
    public boolean current(String worker, AttemptId attempt) {
        return manager.reactor.ask(() -> manager.scheduler.current(worker, attempt) != null);
    }

    @Override
    public void made(String worker, AttemptId attempt) {
        manager.reactor.post(() -> manager.scheduler.made(worker, attempt));
    }

    @Override
    public void gone(AttemptId attempt) {
        manager.reactor.post(() -> manager.scheduler.gone(attempt));
    }
}
