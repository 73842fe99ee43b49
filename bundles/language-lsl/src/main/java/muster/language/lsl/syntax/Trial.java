package muster.language.lsl.syntax;

import groovyjarjarantlr4.v4.runtime.BaseErrorListener;
import groovyjarjarantlr4.v4.runtime.CharStreams;
import groovyjarjarantlr4.v4.runtime.CommonTokenStream;
import groovyjarjarantlr4.v4.runtime.RecognitionException;
import groovyjarjarantlr4.v4.runtime.Recognizer;
import groovyjarjarantlr4.v4.runtime.Token;
import groovyjarjarantlr4.v4.runtime.atn.PredictionMode;
import groovyjarjarantlr4.v4.runtime.misc.ParseCancellationException;
import java.time.Duration;
import muster.api.MusterException;
import muster.api.language.Place;
import org.apache.groovy.parser.antlr4.GroovyLangLexer;
import org.apache.groovy.parser.antlr4.GroovyLangParser;
import org.apache.groovy.parser.antlr4.GroovySyntaxError;
import org.apache.groovy.parser.antlr4.internal.DescriptiveErrorStrategy;
import org.apache.groovy.parser.antlr4.internal.atnmanager.AtnManager;
import org.jspecify.annotations.Nullable;

/**
 * Parses a script for its faults alone, before Groovy does. Groovy's parser decides by a little of what came before, and
 * begins anew by all of it where that fails; the time of the latter grows with the cube of a script's length, or worse, most of
 * all if the script is none.
 */
final class Trial {
    private Trial() {}

    /** Ends a trial that takes too long. */
    private static final class Exhausted extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /**
     * Fails for a script that is wrong by a little of what came before, if by all of it nothing else is known in time.
     *
     * @throws MusterException INVALID with the place of the first fault
     */
    static void run(String file, String text, Duration patience) {
        var fault = fault(file, text, PredictionMode.SLL, Long.MAX_VALUE);
        if (fault != null) {
            try {
                fault(file, text, PredictionMode.LL, patience.toNanos());
            } catch (Exhausted e) {
                throw fault;
            }
        }
    }

    private static @Nullable MusterException fault(String file, String text, PredictionMode mode, long limitNanos) {
        var begin = System.nanoTime();
        var characters = CharStreams.fromString(text);
        var parser = new GroovyLangParser(new CommonTokenStream(new GroovyLangLexer(characters)) {
            @Override
            public int LA(int offset) {
                if (System.nanoTime() - begin > limitNanos) {
                    throw new Exhausted();
                }
                return super.LA(offset);
            }
        });
        parser.getInterpreter().setPredictionMode(mode);
        parser.setErrorHandler(new DescriptiveErrorStrategy(characters));
        parser.removeErrorListeners();
        parser.addErrorListener(new BaseErrorListener() {
            @Override
            public <T extends Token> void syntaxError(
                    Recognizer<T, ?> recognizer,
                    T token,
                    int line,
                    int column,
                    String message,
                    RecognitionException cause) {
                throw new Place(file, Math.max(1, line), column + 1).error(message);
            }
        });
        // Groovy clears what its parsers have learned, when one is made, while none runs
        AtnManager.READ_LOCK.lock();
        try {
            parser.compilationUnit();
            return null;
        } catch (GroovySyntaxError e) {
            return new Place(file, Math.max(1, e.getLine()), Math.max(1, e.getColumn()))
                    .error(String.valueOf(e.getMessage()));
        } catch (ParseCancellationException e) {
            var token = parser.getCurrentToken();
            return new Place(file, Math.max(1, token.getLine()), token.getCharPositionInLine() + 1)
                    .error("unexpected input '" + token.getText() + "'");
        } catch (MusterException e) {
            return e;
        } finally {
            AtnManager.READ_LOCK.unlock();
        }
    }
}
