package muster.api.language;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A language whose scripts decide by results what is to run next. {@link #compile} checks a script and tells what it
 * takes of its user and brings back; its plan has the tasks that the script begins with.
 */
@ConsumerType
public interface DynamicLanguage extends Language {
    /**
     * A driver at the beginning of a script. It may be made several times of the same script: each has to ask for the
     * same when it is told the same.
     */
    Driver start(Script script);
}
