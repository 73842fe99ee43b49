package muster.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import muster.api.Caller;
import muster.api.Deed;
import muster.api.Role;
import muster.api.TaskState;
import org.apache.karaf.shell.api.console.Candidate;
import org.junit.jupiter.api.Test;

class JobCommandsTest {
    private final FakeJobs jobs = new FakeJobs();
    private final List<Deed> deeds = new ArrayList<>();
    private final Output output = new Output();

    @Test
    void listsTheNewestJobFirstAndSaysThatThereAreMore() {
        jobs.add("old", TaskState.SUCCEEDED);
        jobs.add("sort", TaskState.SUCCEEDED, TaskState.FAILED);
        jobs.add("new", TaskState.SUCCEEDED, TaskState.FAILED);
        var list = new JobListCommand();
        list.jobs = jobs;
        list.limit = 2;
        list.run(output.plain());

        assertThat(output.lines())
                .containsExactly(
                        "ID  NAME  STATE   ENDED  TASKS  FAILED  OWNER  SUBMITTED             TIME",
                        " 3  new   failed      2      2       1  ann    2026-01-02T03:04:05Z  1m1s",
                        " 2  sort  failed      2      2       1  ann    2026-01-02T03:04:05Z  1m1s",
                        "... there are more; raise --limit");
    }

    @Test
    void refusesAStateThatIsNotKnown() {
        var list = new JobListCommand();
        list.jobs = jobs;
        list.states = List.of("done");
        assertThatThrownBy(() -> list.run(output.plain()))
                .hasMessage("state 'done' is not known; use one of waiting, running, succeeded, failed, canceled");
    }

    @Test
    void showsAJobWithTheTasksThatFailed() {
        jobs.add("sort", TaskState.SUCCEEDED, TaskState.FAILED);
        var show = new JobShowCommand();
        show.jobs = jobs;
        show.job = "1";
        show.run(output.plain());

        assertThat(output.lines())
                .contains(
                        "tasks      2: 1 succeeded, 1 failed",
                        "time       1m1s",
                        "1.1  t1    failed        -  -          -  exit code 3");
    }

    @Test
    void showsWhatAQueryCameTo() {
        jobs.add("sort", TaskState.SUCCEEDED);
        var results = new JobResultsCommand();
        results.jobs = jobs;
        results.job = "1";
        results.sql = "select SYSTEMID, VALUE from results";
        results.rows = 2;
        results.run(output.plain());

        assertThat(output.lines())
                .containsExactly(
                        "SYSTEMID                             VALUE",
                        "a                                    1",
                        "select SYSTEMID, VALUE from results  -",
                        "... there are more; raise --rows");
    }

    @Test
    void waitingFailsWithTheFirstFailure() {
        var id = jobs.add("sort", TaskState.SUCCEEDED, TaskState.FAILED);
        assertThatThrownBy(() -> new Waiting(jobs).forEnd(id, output.plain()))
                .hasMessage("job 1 failed: 1 succeeded, 1 failed; task 1.1: exit code 3");
    }

    @Test
    void waitingEndsAtItsBound() {
        var id = jobs.add("sort", TaskState.RUNNING);
        assertThatThrownBy(() -> new Waiting(jobs).forEnd(id, Duration.ofMillis(1), output.plain()))
                .hasMessage("job 1 has not ended: 1 running; wait longer");
    }

    @Test
    void anInterruptedWaitLeavesTheJobRunning() {
        var id = jobs.add("sort", TaskState.RUNNING);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> new Waiting(jobs).forEnd(id, output.plain())).isInstanceOf(InterruptedException.class);
        assertThat(output.lines()).containsExactly("job 1 goes on; see job:wait 1 or job:cancel 1");
        assertThat(jobs.calls).isEmpty();
    }

    @Test
    void printsLogsByteForByteChunkByChunk() throws Exception {
        jobs.add("one", TaskState.SUCCEEDED);
        jobs.log("hällo\n\0x".getBytes(StandardCharsets.UTF_8));
        var logs = new JobLogsCommand();
        logs.jobs = jobs;
        logs.task = "1";
        logs.stderr = true;
        logs.run(output.plain());

        assertThat(output.text()).isEqualTo("hällo\n\0x");
        assertThat(jobs.calls).containsExactly("log 1.0 STDERR 0", "log 1.0 STDERR 4", "log 1.0 STDERR 8");
    }

    @Test
    void findsTasksByIndexNameOrAsTheOnlyOne() {
        jobs.add("one", TaskState.SUCCEEDED);
        jobs.add("two", TaskState.SUCCEEDED, TaskState.SUCCEEDED);

        assertThat(Tasks.resolve(jobs, "1")).hasToString("1.0");
        assertThat(Tasks.resolve(jobs, "2.1")).hasToString("2.1");
        assertThat(Tasks.resolve(jobs, "2.t1")).hasToString("2.1");
        assertThatThrownBy(() -> Tasks.resolve(jobs, "2")).hasMessage("job 2 has 2 tasks; name one, such as 2.0");
        assertThatThrownBy(() -> Tasks.resolve(jobs, "x.1")).hasMessageContaining("'x' is not a job id");
    }

    @Test
    void explainsEachReasonInALine() {
        jobs.add("one", TaskState.READY);
        var explain = new TaskExplainCommand();
        explain.jobs = jobs;
        explain.task = "1";
        explain.run(output.plain());

        assertThat(output.lines())
                .containsExactly(
                        "task 1.0  ready  no worker has 64 cores",
                        "tasks before it  3",
                        "waits for        task 1.0 to end",
                        "worker w1        has 8 cores");
    }

    @Test
    void namesWhoCancelsAndRetries() {
        jobs.add("one", TaskState.FAILED);
        var cancel = new JobCancelCommand();
        cancel.jobs = jobs;
        cancel.audit = deeds::add;
        cancel.ids = List.of("1");
        cancel.run(output.plain());
        var retry = new JobRetryCommand();
        retry.jobs = jobs;
        retry.audit = deeds::add;
        retry.job = "1";
        retry.run(output.plain());
        retry.failedOnly = true;
        retry.run(output.plain());

        assertThat(jobs.calls).containsExactly("cancel 1 by ann", "retry 1 by ann", "retry 1 failed by ann");
        var ann = new Caller("ann", Role.ADMIN, "");
        assertThat(deeds)
                .containsExactly(
                        new Deed(ann, "console", "cancelJob", "1", 200),
                        new Deed(ann, "console", "retryJob", "1", 200),
                        new Deed(ann, "console", "retryJob", "1", 200));
        assertThat(output.lines())
                .containsExactly("job 1: 1 failed", "job 1: 2 tasks retried", "job 1: 2 tasks retried");
    }

    @Test
    void completesJobsThenTheirTasks() {
        jobs.add("one", TaskState.SUCCEEDED);
        jobs.add("two", TaskState.SUCCEEDED, TaskState.SUCCEEDED);
        var completer = new TaskIdCompleter();
        completer.jobs = jobs;

        assertThat(completer.offer("")).extracting(Candidate::value).containsExactly("2.", "1.");
        assertThat(completer.offer("2.")).extracting(Candidate::value).containsExactly("2.0", "2.t0", "2.1", "2.t1");
        assertThat(completer.offer("2.t1")).extracting(Candidate::value).containsExactly("2.t1");
        assertThat(completer.offer("9.")).isEmpty();
    }
}
