package muster.language.lsl.syntax;

import groovy.lang.GroovyClassLoader;
import groovyjarjarantlr4.v4.runtime.CharStreams;
import groovyjarjarantlr4.v4.runtime.Token;
import java.time.Duration;
import java.util.ArrayDeque;
import muster.api.MusterException;
import muster.api.language.Place;
import org.apache.groovy.parser.antlr4.GroovyLangLexer;
import org.apache.groovy.parser.antlr4.GroovySyntaxError;
import org.codehaus.groovy.ast.ModuleNode;
import org.codehaus.groovy.control.CompilationFailedException;
import org.codehaus.groovy.control.CompilerConfiguration;
import org.codehaus.groovy.control.ErrorCollector;
import org.codehaus.groovy.control.SourceUnit;
import org.codehaus.groovy.control.messages.SyntaxErrorMessage;

/**
 * Reads a script with Groovy's own parser. It goes no further than the tree: nothing is resolved, transformed or compiled,
 * since those steps run code.
 */
public final class Reader {
    static final int MAX_LENGTH = 64 * 1024;
    static final int MAX_NESTED = 64;

    /** The parser tries each as a comparison and as the beginning of type arguments. */
    static final int MAX_LESS = 200;

    /** How long the parser may try to make sense of what is wrong at first sight. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private Reader() {}

    /** @throws MusterException INVALID with the place of what is no script, or of what scripts may not have */
    public static Node.Block read(String file, String text) {
        return read(file, text, PATIENCE);
    }

    static Node.Block read(String file, String text, Duration patience) {
        var start = new Place(file, 1, 1);
        if (text.length() > MAX_LENGTH) {
            throw start.error("the script has " + text.length() + " characters, but at most " + MAX_LENGTH
                    + " are read; move data into files that it names");
        }
        requireBounded(file, text);
        Trial.run(file, text, patience);
        return new Translation(file).script(parse(start, text));
    }

    /** What the parser could take long for, or what it need not see at all. */
    private static void requireBounded(String file, String text) {
        var open = new ArrayDeque<Place>();
        var less = 0;
        try {
            var lexer = new GroovyLangLexer(CharStreams.fromString(text));
            for (var token = lexer.nextToken(); token.getType() != Token.EOF; token = lexer.nextToken()) {
                var at = new Place(file, token.getLine(), token.getCharPositionInLine() + 1);
                switch (token.getType()) {
                    case GroovyLangLexer.AT ->
                        throw at.error("'@' begins an annotation, which scripts may not have; leave it out");
                    case GroovyLangLexer.LT -> {
                        if (++less > MAX_LESS) {
                            throw at.error("the script has more than " + MAX_LESS + " times '<'; use loops, or lists");
                        }
                    }
                    case GroovyLangLexer.LPAREN, GroovyLangLexer.LBRACK, GroovyLangLexer.LBRACE -> {
                        open.push(at);
                        if (open.size() > MAX_NESTED) {
                            throw at.error("more than " + MAX_NESTED + " brackets are open; nest less deep");
                        }
                    }
                    case GroovyLangLexer.RPAREN, GroovyLangLexer.RBRACK, GroovyLangLexer.RBRACE -> open.poll();
                    default -> {}
                }
            }
        } catch (GroovySyntaxError e) {
            throw new Place(file, Math.max(1, e.getLine()), Math.max(1, e.getColumn()))
                    .error(String.valueOf(e.getMessage()));
        }
    }

    private static ModuleNode parse(Place start, String text) {
        var configuration = new CompilerConfiguration();
        var loader = new GroovyClassLoader(Reader.class.getClassLoader(), configuration);
        var errors = new ErrorCollector(configuration);
        var source = new SourceUnit(start.file(), text, configuration, loader, errors);
        try {
            source.parse();
            source.completePhase();
            source.nextPhase();
            source.convert();
        } catch (CompilationFailedException e) {
            throw fault(start, errors, e);
        }
        return source.getAST();
    }

    private static MusterException fault(Place start, ErrorCollector errors, CompilationFailedException failure) {
        if (errors.hasErrors()) {
            for (var error : errors.getErrors()) {
                if (error instanceof SyntaxErrorMessage message) {
                    var cause = message.getCause();
                    return new Place(
                                    start.file(),
                                    Math.max(1, cause.getStartLine()),
                                    Math.max(1, cause.getStartColumn()))
                            .error(cause.getOriginalMessage());
                }
            }
        }
        return start.error("the script cannot be parsed: " + failure.getMessage());
    }
}
