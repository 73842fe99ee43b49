package muster.manager;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import muster.api.Input;
import muster.api.JobId;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.language.Content;
import muster.api.language.Made;
import muster.api.language.MissingSources;
import muster.api.language.Script;
import muster.api.language.Sources;
import muster.api.language.WorkflowRequest;
import org.jspecify.annotations.Nullable;

/** What came with a script; all else is asked of its sender, as long as somebody can be asked. */
final class Sent implements Sources {
    private final WorkflowRequest request;
    private final Set<String> absent = new HashSet<>();
    private final @Nullable EarlierJobs earlier;
    private volatile boolean closed;

    /** @param earlier jobs, which a script may ask of while it is compiled */
    Sent(WorkflowRequest request, EarlierJobs earlier) {
        this.request = request;
        this.earlier = earlier;
    }

    /** Of a script that runs, and may ask of nothing but what came. */
    Sent(WorkflowRequest request) {
        this.request = request;
        this.earlier = null;
    }

    /** Whether all tasks may fail, whatever the script says. */
    boolean mayFail() {
        return request.mayFail();
    }

    /** The script, with what came. */
    Script script() {
        return new Script(request.file(), request.text(), request.settings(), request.options(), this);
    }

    /** @throws MissingSources if contents were asked for that did not come */
    void requireAll() {
        if (!absent.isEmpty()) {
            throw new MissingSources(Set.of(), Set.of(), absent);
        }
    }

    /** Nobody can be asked from now on. */
    Sent close() {
        closed = true;
        return this;
    }

    @Override
    public String file(String path) {
        var text = request.files().get(path);
        if (text == null) {
            throw missing(path, new MissingSources(Set.of(path), Set.of(), Set.of()));
        }
        return text;
    }

    @Override
    public @Nullable String variable(String name) {
        var value = request.variables().get(name);
        if (value == null && !request.undefined().contains(name)) {
            throw missing(name, new MissingSources(Set.of(), Set.of(name), Set.of()));
        }
        return value;
    }

    @Override
    public List<Input> inputs(String path, String name) {
        var contents = request.contents().get(path);
        if (contents == null) {
            if (closed) {
                throw missing(path, new MissingSources(Set.of(), Set.of(), Set.of(path)));
            }
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

    @Override
    public List<Made> made(JobId job) {
        return earlier == null || closed ? Sources.super.made(job) : earlier.made(job);
    }

    @Override
    public Optional<String> text(Content content) {
        return earlier == null || closed ? Sources.super.text(content) : earlier.text(content);
    }

    private RuntimeException missing(String what, MissingSources missing) {
        return closed
                ? MusterException.invalid("the script asks for '" + Names.escape(what)
                        + "' while it runs, which was not sent with it; ask for it when it is compiled")
                : missing;
    }
}
