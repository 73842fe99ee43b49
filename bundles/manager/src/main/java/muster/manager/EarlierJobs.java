package muster.manager;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import muster.api.JobId;
import muster.api.JobService;
import muster.api.MusterException;
import muster.api.ObjectService;
import muster.api.TaskQuery;
import muster.api.TaskState;
import muster.api.Work;
import muster.api.language.Content;
import muster.api.language.Made;

/** What scripts may know of earlier jobs: of their owner alone. */
record EarlierJobs(JobService jobs, ObjectService objects, String owner) {
    private static final int TEXT_BYTES = 64 << 10;
    private static final int PAGE = 1000;

    List<Made> made(JobId job) {
        if (!jobs.job(job).owner().equals(owner) || !(jobs.spec(job).work() instanceof Work.Graph graph)) {
            throw MusterException.notFound("'" + owner + "' has no workflow of the id " + job);
        }
        var contents = new HashMap<Integer, List<Content>>();
        for (var output : objects.outputs(job)) {
            if (output.kept()) {
                contents.computeIfAbsent(output.task().index(), index -> new ArrayList<>())
                        .add(new Content(output.name(), output.object(), output.executable()));
            }
        }
        var made = new ArrayList<Made>();
        var query = new TaskQuery(job, Set.of(TaskState.SUCCEEDED), null, PAGE);
        while (true) {
            var page = jobs.tasks(query);
            for (var task : page.items()) {
                var index = task.id().index();
                made.add(new Made(graph.tasks().get(index), contents.getOrDefault(index, List.of())));
            }
            if (page.next() == null) {
                return made;
            }
            query = new TaskQuery(job, query.states(), page.next(), PAGE);
        }
    }

    Optional<String> text(Content content) {
        try {
            var file = objects.file(content.object());
            return Files.size(file) > TEXT_BYTES ? Optional.empty() : Optional.of(Files.readString(file));
        } catch (MalformedInputException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + content.object(), e);
        }
    }
}
