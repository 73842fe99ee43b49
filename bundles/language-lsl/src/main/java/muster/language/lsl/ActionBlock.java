package muster.language.lsl;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import muster.api.language.Place;
import muster.api.study.Settings;
import muster.language.lsl.interpreter.Lambda;
import org.jspecify.annotations.Nullable;

/** What the block of an action says. */
final class ActionBlock extends Recorder {
    /** An action that another depends on, and where that says so; of an earlier job as {@code JOB:ACTION}. */
    record Dependency(Place at, String name) {
        boolean earlier() {
            return name.indexOf(':') >= 0;
        }

        /** The action's name, in whichever job. */
        String action() {
            return name.substring(name.indexOf(':') + 1);
        }
    }

    /** A pattern of what an action includes, and where it says so. */
    record Include(Place at, AntPattern pattern, String text) {}

    private final Exchange exchange;
    final List<Dependency> dependencies = new ArrayList<>();
    final List<Include> abstractions = new ArrayList<>();
    final List<Include> systems = new ArrayList<>();
    final Map<String, Settings> declared = new LinkedHashMap<>();
    final List<Dependency> profiles = new ArrayList<>();

    @Nullable
    Profile profile;

    /** Runs before the action is planned. */
    @Nullable
    Lambda before;

    /** Runs after it. */
    @Nullable
    Lambda after;

    ActionBlock(Place at, Exchange exchange) {
        super(at, exchange);
        this.exchange = exchange;
    }

    @Override
    public boolean say(Saying saying) {
        var said = new Said(saying);
        switch (saying.word()) {
            case "dependsOn" -> dependsOn(said);
            case "include", "includeAbstractions" -> include(said, abstractions);
            case "includeImplementations", "includeSystems" -> include(said, systems);
            case "abstraction" -> abstraction(said);
            case "profile" -> profile(said);
            case "configure" -> said.requireBlock().within(this);
            case "execute" -> before = once(said, before);
            case "whenAbstractionsReady" -> after = once(said, after);
            case "analyze" ->
                throw said.at()
                        .error("'analyze' decides by results, but a study is planned before any of its tasks run; let"
                                + " another study depend on this one, by dependsOn 'JOB:ACTION'");
            default -> {
                return super.say(saying);
            }
        }
        return true;
    }

    private static Lambda once(Said said, @Nullable Lambda there) {
        if (there != null) {
            throw said.at().error("an action has one '" + said.saying().word() + "'; this is a second one");
        }
        return said.requireBlock();
    }

    private void dependsOn(Said said) {
        for (var name : texts(said, "names of actions")) {
            dependencies.add(new Dependency(said.at(), name));
        }
    }

    private void include(Said said, List<Include> includes) {
        for (var text : texts(said, "patterns such as '*'")) {
            if (text.length() > AntPattern.LONGEST) {
                throw said.wrong("patterns of up to " + AntPattern.LONGEST + " characters");
            }
            includes.add(new Include(said.at(), new AntPattern(text), text));
        }
    }

    private List<String> texts(Said said, String expected) {
        var texts = said.texts();
        exchange.entries(said.at(), texts.size());
        if (texts.isEmpty()) {
            throw said.wrong(expected);
        }
        return texts;
    }

    private void abstraction(Said said) {
        var block = said.block();
        var recorder = new Recorder(said.at(), exchange);
        if (block != null) {
            block.within(recorder);
        }
        if (declared.put(said.name(), recorder.settings()) != null) {
            throw said.at().error("the abstraction '" + said.name() + "' is declared twice; rename one");
        }
    }

    private void profile(Said said) {
        var block = said.block();
        if (block == null) {
            profiles.add(new Dependency(said.at(), said.name()));
        } else if (said.texts().size() > 1) {
            throw said.wrong("one name");
        } else {
            profile = Profile.read(block, exchange);
        }
    }
}
