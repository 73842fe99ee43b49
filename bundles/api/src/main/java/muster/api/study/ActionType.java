package muster.api.study;

import java.util.Set;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A type of actions of studies. Register it as a service with the property {@value #NAME}; installing or removing the bundle
 * adds or removes the type at run time. It plans tasks for workers; nothing of an action runs in the manager. Thread-safe.
 */
@ConsumerType
public interface ActionType {
    /** Service property: the type's name, unique on a manager. */
    String NAME = "muster.action";

    /** Names of the settings that it takes in an action; any other is refused before it plans. */
    Set<String> settings();

    /** Names of the settings that it takes in an action's abstractions; empty if its actions make none. */
    default Set<String> abstractionSettings() {
        return Set.of();
    }

    /**
     * What an action comes to; the same for the same action, as long as the workers are.
     *
     * @throws muster.api.MusterException INVALID for a fault in a setting, with its {@link muster.api.language.Place}
     * @throws muster.api.language.MissingSources for what it asks of its user and was not sent yet
     */
    Outcome plan(Action action);
}
