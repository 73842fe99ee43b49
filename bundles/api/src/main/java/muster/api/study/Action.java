package muster.api.study;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import muster.api.language.Place;
import muster.api.language.Sources;
import org.osgi.annotation.versioning.ProviderType;

/** An action of a study, as its type sees it. */
@ProviderType
public interface Action {
    /** Where the script declares it. */
    Place at();

    String name();

    Settings settings();

    /** The abstractions that it declares itself, by name, in their order. */
    Map<String, Settings> declared();

    /**
     * What it includes of the actions that it depends on, in the order of the script. What its systems need has those of the
     * actions of which it includes nothing.
     */
    List<Abstraction> included();

    /** What actions made that it depends on, that ran once, and of which it includes nothing. */
    List<Subject.Product> common();

    /** Whether it names what it includes; else it runs once, after all that it depends on. */
    boolean includes();

    /** Names of the tasks that must have succeeded before an action that runs once. */
    List<String> needs();

    /** The data source that the script names, if any. */
    Optional<String> dataSource();

    /** The image of its profile's environment, if any. */
    Optional<String> image();

    /** The user's files. */
    Sources sources();

    /**
     * Counts what planning makes, before it is made: one for each system, field, file and word, about.
     *
     * @throws muster.api.MusterException INVALID if a study may not make so much
     */
    void count(long made);

    /**
     * A name for one of its tasks, unique in the study.
     *
     * @param part what tells it from the action's other tasks; empty for its only one
     */
    String taskName(String part);
}
