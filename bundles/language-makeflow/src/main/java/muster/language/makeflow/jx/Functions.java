package muster.language.makeflow.jx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import muster.api.language.Place;

/** The functions of JX. Those that read files of the machine that evaluates, listdir and fetch, are refused. */
final class Functions {
    /** These take an expression that is evaluated anew for each object of an array. */
    private static final Set<String> OVER_OBJECTS = Set.of("where", "select", "project");

    private static final int LONGEST_MATCHED = 10_000;
    private static final Pattern REPETITION = Pattern.compile("\\{([0-9]+)(,?)");
    private static final double MOST_REPEATED = 1e6;
    private static final double MOST_CHOICES = 24;
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{|}}|\\{([A-Za-z_][A-Za-z0-9_]*)}|[{}]");

    private final Evaluator evaluator;

    Functions(Evaluator evaluator) {
        this.evaluator = evaluator;
    }

    Value call(Expression.Call call, Scope scope) {
        if (OVER_OBJECTS.contains(call.function())) {
            return overObjects(call, scope);
        }
        var given = new ArrayList<Value>();
        for (var argument : call.arguments()) {
            given.add(evaluator.evaluate(argument, scope));
        }
        var arguments = new Arguments(evaluator, call.at(), call.function(), given);
        return switch (call.function()) {
            case "range" -> range(arguments);
            case "format" -> format(arguments);
            case "template" -> template(arguments, scope);
            case "join" -> join(arguments);
            case "len" -> new Value.Whole(length(arguments));
            case "ceil" -> new Value.Real(Math.ceil(arguments.number(1, 1)));
            case "floor" -> new Value.Real(Math.floor(arguments.number(1, 1)));
            case "basename" -> basename(arguments);
            case "dirname" -> new Value.Text(dirname(arguments.text(0, 1, 1)));
            case "escape" -> escape(arguments);
            case "like" -> like(arguments);
            case "schema" -> schema(arguments);
            case "listdir", "fetch" ->
                throw call.at()
                        .error(call.function() + " reads files while the workflow is read, which is not allowed here;"
                                + " give the names as a list, or by --set");
            default ->
                throw call.at()
                        .error("'" + call.function() + "' is no function of JX; known are basename ceil dirname escape"
                                + " floor format join len like project range schema select template where");
        };
    }

    /** What a function was given, with errors that name the function. */
    private record Arguments(Evaluator evaluator, Place at, String function, List<Value> values) {
        Value get(int index, int least, int most) {
            if (values.size() < least || values.size() > most) {
                throw at.error(function + " takes " + (least == most ? "" : least + " to ") + most
                        + (most == 1 ? " argument" : " arguments") + ", not " + values.size());
            }
            return values.get(index);
        }

        RuntimeException wrong(int index, String expected) {
            var value = values.get(index);
            return at.error(function + ": argument " + (index + 1) + " is " + value.type() + " " + value + "; expected "
                    + expected);
        }

        String text(int index, int least, int most) {
            if (get(index, least, most) instanceof Value.Text text) {
                evaluator.read(at, text.value().length());
                return text.value();
            }
            throw wrong(index, "a string");
        }

        long whole(int index, int least, int most) {
            if (get(index, least, most) instanceof Value.Whole whole) {
                return whole.value();
            }
            throw wrong(index, "an integer");
        }

        List<Value> items(int index, int least, int most) {
            if (get(index, least, most) instanceof Value.Items items) {
                return items.values();
            }
            throw wrong(index, "an array");
        }

        double number(int least, int most) {
            var value = get(0, least, most);
            if (value instanceof Value.Whole whole) {
                return whole.value();
            } else if (value instanceof Value.Real real) {
                return real.value();
            }
            throw wrong(0, "a number");
        }
    }

    private Value range(Arguments arguments) {
        var count = arguments.values().size();
        var first = count < 2 ? 0 : arguments.whole(0, 1, 3);
        var end = count < 2 ? arguments.whole(0, 1, 3) : arguments.whole(1, 1, 3);
        var step = count < 3 ? 1 : arguments.whole(2, 1, 3);
        if (step == 0) {
            throw arguments.wrong(2, "a step other than 0");
        }
        var numbers = new ArrayList<Value>();
        for (var i = first; step > 0 ? i < end : i > end; i += step) {
            evaluator.growBy(arguments.at(), 1);
            numbers.add(new Value.Whole(i));
            if (step > 0 ? i > Long.MAX_VALUE - step : i < Long.MIN_VALUE - step) {
                break;
            }
        }
        return new Value.Items(numbers);
    }

    private Value text(Arguments arguments, String text) {
        evaluator.grow(arguments.at(), text.length());
        return new Value.Text(text);
    }

    private Value format(Arguments arguments) {
        var pattern = arguments.text(0, 1, Integer.MAX_VALUE);
        var values = arguments.values();
        return text(arguments, Format.format(evaluator, arguments.at(), pattern, values.subList(1, values.size())));
    }

    private Value template(Arguments arguments, Scope scope) {
        var pattern = arguments.text(0, 1, 2);
        var inner = scope;
        if (arguments.values().size() == 2) {
            if (!(arguments.values().get(1) instanceof Value.Fields fields)) {
                throw arguments.wrong(1, "an object");
            }
            inner = scope.with(fields);
        }
        var out = new StringBuilder();
        var next = 0;
        var placeholder = PLACEHOLDER.matcher(pattern);
        while (placeholder.find()) {
            out.append(pattern, next, placeholder.start());
            next = placeholder.end();
            var name = placeholder.group(1);
            if (name != null) {
                var value = inner.find(name);
                if (value == null) {
                    throw arguments
                            .at()
                            .error("template: '" + name
                                    + "' is not defined; define it or give it as the second argument");
                }
                out.append(evaluator.text(arguments.at(), value));
            } else if (placeholder.group().length() == 2) {
                out.append(placeholder.group().charAt(0));
            } else {
                throw arguments
                        .at()
                        .error("template: '" + placeholder.group() + "' stands alone in \"" + new Value.Text(pattern)
                                + "\"; expected {NAME}, or it twice for itself");
            }
        }
        return text(arguments, out.append(pattern.substring(next)).toString());
    }

    private Value join(Arguments arguments) {
        var items = arguments.items(0, 1, 2);
        var between = arguments.values().size() == 2 ? arguments.text(1, 1, 2) : " ";
        evaluator.grow(arguments.at(), (long) between.length() * items.size());
        return text(
                arguments,
                items.stream().map(item -> evaluator.text(arguments.at(), item)).collect(Collectors.joining(between)));
    }

    private static long length(Arguments arguments) {
        var value = arguments.get(0, 1, 1);
        if (value instanceof Value.Items items) {
            return items.values().size();
        }
        throw arguments.wrong(0, "an array");
    }

    private static Value basename(Arguments arguments) {
        var path = stripped(arguments.text(0, 1, 2));
        var name = path.substring(path.lastIndexOf('/') + 1);
        if (arguments.values().size() == 2) {
            var suffix = arguments.text(1, 1, 2);
            name = name.endsWith(suffix) && !name.equals(suffix)
                    ? name.substring(0, name.length() - suffix.length())
                    : name;
        }
        return new Value.Text(name.isEmpty() ? path : name);
    }

    private static String dirname(String path) {
        var stripped = stripped(path);
        var slash = stripped.lastIndexOf('/');
        if (slash < 0) {
            return ".";
        }
        return slash == 0 ? "/" : stripped(stripped.substring(0, slash));
    }

    private static String stripped(String path) {
        var end = path.length();
        while (end > 1 && path.charAt(end - 1) == '/') {
            end--;
        }
        return path.substring(0, end);
    }

    /** Quoted for a shell. */
    private Value escape(Arguments arguments) {
        return text(arguments, "'" + arguments.text(0, 1, 1).replace("'", "'\\''") + "'");
    }

    private static Value like(Arguments arguments) {
        var text = arguments.text(0, 2, 2);
        var pattern = arguments.text(1, 2, 2);
        if (text.length() > LONGEST_MATCHED) {
            throw arguments
                    .at()
                    .error("like: a string of " + text.length() + " characters is too long; match at most "
                            + LONGEST_MATCHED);
        }
        requireFewWays(arguments, pattern);
        try {
            return new Value.Truth(
                    Pattern.compile(pattern).matcher(new BoundedText(text)).matches());
        } catch (PatternSyntaxException e) {
            throw arguments
                    .at()
                    .error("like: \"" + new Value.Text(pattern) + "\" is no regular expression: " + e.getDescription());
        } catch (BoundedText.Exhausted | StackOverflowError e) {
            throw tooLong(arguments, pattern);
        }
    }

    /** At the end of a text a matcher tries all ways without a look at it: two for each choice, each time that it is repeated. */
    private static void requireFewWays(Arguments arguments, String pattern) {
        var repeated = 1.0;
        var choices = pattern.chars().filter(c -> "|?*+".indexOf(c) >= 0).count();
        for (var count = REPETITION.matcher(pattern); count.find(); ) {
            repeated *= Math.max(1, Double.parseDouble(count.group(1)));
            choices += count.group(2).length();
        }
        if (repeated > MOST_REPEATED || choices * repeated > MOST_CHOICES) {
            throw tooLong(arguments, pattern);
        }
    }

    private static RuntimeException tooLong(Arguments arguments, String pattern) {
        return arguments
                .at()
                .error("like: \"" + new Value.Text(pattern) + "\" takes too long to match; make it simpler");
    }

    private Value schema(Arguments arguments) {
        if (!(arguments.get(0, 1, 1) instanceof Value.Fields fields)) {
            throw arguments.wrong(0, "an object");
        }
        evaluator.growBy(arguments.at(), fields.values().size());
        var types = new LinkedHashMap<String, Value>();
        fields.values().forEach((key, value) -> types.put(key, new Value.Text(value.type())));
        return new Value.Fields(types);
    }

    private Value overObjects(Expression.Call call, Scope scope) {
        if (call.arguments().size() != 2) {
            throw call.at()
                    .error(call.function() + " takes an array and an expression, not "
                            + call.arguments().size() + (call.arguments().size() == 1 ? " argument" : " arguments"));
        }
        var over = evaluator.evaluate(call.arguments().get(0), scope);
        if (!(over instanceof Value.Items items)) {
            throw call.at()
                    .error(call.function() + ": argument 1 is " + over.type() + "; expected an array of objects");
        }
        var found = new ArrayList<Value>();
        for (var item : items.values()) {
            if (!(item instanceof Value.Fields fields)) {
                throw call.at()
                        .error(call.function() + ": the array has " + item.type() + " " + item + "; expected objects");
            }
            var value = evaluator.evaluate(call.arguments().get(1), scope.with(fields));
            if (call.function().equals("project")) {
                found.add(value);
            } else if (!(value instanceof Value.Truth truth)) {
                throw call.at()
                        .error(call.function() + ": the condition is " + value.type() + " " + value
                                + "; expected a boolean");
            } else if (truth.value()) {
                found.add(item);
            }
        }
        evaluator.growBy(call.at(), found.size());
        return new Value.Items(found);
    }
}
