package muster.language.lsl;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import muster.api.MusterException;
import muster.api.Names;
import muster.api.language.Language;
import muster.api.language.Place;
import muster.api.language.Plan;
import muster.api.language.Script;
import muster.api.study.ActionType;
import muster.language.lsl.interpreter.Interpreter;
import muster.language.lsl.interpreter.Meter;
import muster.language.lsl.syntax.Reader;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** LSL: studies of actions, whose types are services, planned as one graph. */
@Component(property = Language.NAME + "=" + LslLanguage.NAME_HERE)
public final class LslLanguage implements Language {
    static final String NAME_HERE = "lsl";

    /** The parser and the interpreter go as deep as a script nests. */
    private static final long STACK_BYTES = 128L << 20;

    private final Map<String, ActionType> types = new ConcurrentSkipListMap<>();

    @Activate
    public LslLanguage() {}

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addType(ActionType type, Map<String, Object> properties) {
        types.put(String.valueOf(properties.get(ActionType.NAME)), type);
    }

    void removeType(ActionType type, Map<String, Object> properties) {
        types.remove(String.valueOf(properties.get(ActionType.NAME)), type);
    }

    @Override
    public List<String> suffixes() {
        return List.of(".lsl");
    }

    @Override
    public Plan compile(Script script) {
        if (!script.options().isEmpty()) {
            throw MusterException.invalid("LSL has no option '"
                    + Names.escape(script.options().keySet().iterator().next()) + "'; it takes none");
        }
        var plan = new FutureTask<>(() -> plan(script));
        var thread = new Thread(null, plan, "lsl " + Names.escape(script.file()), STACK_BYTES);
        thread.setDaemon(true);
        thread.start();
        try {
            return plan.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a script was compiled", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof StackOverflowError) {
                throw new Place(script.file(), 1, 1).error("the script nests too deep to be read; nest less deep");
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private Plan plan(Script script) {
        var meter = new Meter();
        var study = new Study(types, new Exchange(meter));
        new Interpreter(meter, script.settings()).run(Reader.read(script.file(), script.text()), study);
        return new Planner(study, meter, script.sources()).plan(new Place(script.file(), 1, 1));
    }
}
