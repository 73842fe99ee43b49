package muster.language.lsl;

import java.util.Optional;
import java.util.Set;
import muster.api.language.Place;
import muster.api.study.Settings;
import muster.language.lsl.interpreter.Lambda;
import muster.language.lsl.interpreter.Words;
import org.jspecify.annotations.Nullable;

/**
 * Where actions run.
 *
 * @param image of its environment; empty if it has none
 */
record Profile(String image) {
    private static final Set<String> OF_ENVIRONMENT = Set.of("image");
    private static final Set<String> OF_SCOPE = Set.of("type");

    static Profile read(Lambda block, Exchange exchange) {
        var words = new Block(exchange);
        block.within(words);
        return new Profile(
                words.environment == null ? "" : words.environment.text("image").orElse(""));
    }

    private static final class Block implements Words {
        private final Exchange exchange;
        private @Nullable Settings environment;

        Block(Exchange exchange) {
            this.exchange = exchange;
        }

        @Override
        public Optional<Object> get(String name) {
            return Optional.empty();
        }

        @Override
        public boolean set(Place at, String name, @Nullable Object value) {
            return false;
        }

        @Override
        public boolean say(Saying saying) {
            var said = new Said(saying);
            switch (saying.word()) {
                case "environment" -> {
                    if (environment != null) {
                        throw said.at().error("a profile has one environment; this is a second one");
                    }
                    environment = settings(said, OF_ENVIRONMENT);
                }
                case "scope" -> settings(said, OF_SCOPE);
                default -> {
                    return false;
                }
            }
            return true;
        }

        private Settings settings(Said said, Set<String> known) {
            said.name();
            var block = said.requireBlock();
            var recorder = new Recorder(block.at(), exchange);
            block.within(recorder);
            var settings = recorder.settings();
            settings.requireOnly("'" + said.saying().word() + "'", known);
            return settings;
        }
    }
}
