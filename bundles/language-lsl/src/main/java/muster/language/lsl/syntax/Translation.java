package muster.language.lsl.syntax;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import muster.api.MusterException;
import muster.api.language.Place;
import org.codehaus.groovy.ast.ASTNode;
import org.codehaus.groovy.ast.ModuleNode;
import org.codehaus.groovy.ast.expr.ArgumentListExpression;
import org.codehaus.groovy.ast.expr.AttributeExpression;
import org.codehaus.groovy.ast.expr.BinaryExpression;
import org.codehaus.groovy.ast.expr.BooleanExpression;
import org.codehaus.groovy.ast.expr.CastExpression;
import org.codehaus.groovy.ast.expr.ClosureExpression;
import org.codehaus.groovy.ast.expr.ClosureListExpression;
import org.codehaus.groovy.ast.expr.ConstantExpression;
import org.codehaus.groovy.ast.expr.DeclarationExpression;
import org.codehaus.groovy.ast.expr.ElvisOperatorExpression;
import org.codehaus.groovy.ast.expr.EmptyExpression;
import org.codehaus.groovy.ast.expr.Expression;
import org.codehaus.groovy.ast.expr.GStringExpression;
import org.codehaus.groovy.ast.expr.ListExpression;
import org.codehaus.groovy.ast.expr.MapExpression;
import org.codehaus.groovy.ast.expr.MethodCallExpression;
import org.codehaus.groovy.ast.expr.NotExpression;
import org.codehaus.groovy.ast.expr.PostfixExpression;
import org.codehaus.groovy.ast.expr.PrefixExpression;
import org.codehaus.groovy.ast.expr.PropertyExpression;
import org.codehaus.groovy.ast.expr.RangeExpression;
import org.codehaus.groovy.ast.expr.TernaryExpression;
import org.codehaus.groovy.ast.expr.TupleExpression;
import org.codehaus.groovy.ast.expr.UnaryMinusExpression;
import org.codehaus.groovy.ast.expr.UnaryPlusExpression;
import org.codehaus.groovy.ast.expr.VariableExpression;
import org.codehaus.groovy.ast.stmt.BlockStatement;
import org.codehaus.groovy.ast.stmt.BreakStatement;
import org.codehaus.groovy.ast.stmt.ContinueStatement;
import org.codehaus.groovy.ast.stmt.EmptyStatement;
import org.codehaus.groovy.ast.stmt.ExpressionStatement;
import org.codehaus.groovy.ast.stmt.ForStatement;
import org.codehaus.groovy.ast.stmt.IfStatement;
import org.codehaus.groovy.ast.stmt.ReturnStatement;
import org.codehaus.groovy.ast.stmt.Statement;
import org.codehaus.groovy.ast.stmt.WhileStatement;
import org.jspecify.annotations.Nullable;

/** Takes over from Groovy's tree what scripts may have, and refuses all else where it stands. */
final class Translation {
    private static final Set<String> TYPES = Set.of(
            "Object",
            "java.lang.Object",
            "String",
            "int",
            "Integer",
            "long",
            "Long",
            "double",
            "Double",
            "float",
            "Float",
            "BigDecimal",
            "boolean",
            "Boolean",
            "List",
            "Map",
            "Closure");

    private static final Set<String> TARGETS = Set.of(
            "String",
            "int",
            "Integer",
            "long",
            "Long",
            "double",
            "Double",
            "BigDecimal",
            "boolean",
            "Boolean",
            "List",
            "Set");

    private static final Set<String> OPERATORS =
            Set.of("+", "-", "*", "/", "%", "**", "==", "!=", "<", "<=", ">", ">=", "<=>", "&&", "||", "in", "<<");

    private static final Set<String> ASSIGNMENTS = Set.of("=", "+=", "-=", "*=", "/=", "%=", "**=");

    /** What leads from any value to its class, and from there to everything. */
    private static final Set<String> FORBIDDEN =
            Set.of("class", "metaClass", "getClass", "getMetaClass", "setMetaClass");

    private static final Map<String, String> REFUSED = Map.ofEntries(
            Map.entry("ConstructorCallExpression", "'new'"),
            Map.entry("ClassExpression", "a class"),
            Map.entry("MethodPointerExpression", "a method pointer"),
            Map.entry("MethodReferenceExpression", "a method reference"),
            Map.entry("LambdaExpression", "a lambda; write a closure { … }"),
            Map.entry("AttributeExpression", "access to a field"),
            Map.entry("ArrayExpression", "an array"),
            Map.entry("BitwiseNegationExpression", "a pattern"),
            Map.entry("SpreadExpression", "'*' before a value"),
            Map.entry("SpreadMapExpression", "'*:' before a value"),
            Map.entry("AssertStatement", "'assert'"),
            Map.entry("ThrowStatement", "'throw'"),
            Map.entry("TryCatchStatement", "'try'"),
            Map.entry("SwitchStatement", "'switch'"),
            Map.entry("SynchronizedStatement", "'synchronized'"),
            Map.entry("DoWhileStatement", "'do'"));

    private final String file;

    Translation(String file) {
        this.file = file;
    }

    private Place at(ASTNode node, Place around) {
        return node.getLineNumber() < 1
                ? around
                : new Place(file, node.getLineNumber(), Math.max(1, node.getColumnNumber()));
    }

    private static MusterException refused(Place at, String what) {
        return at.error("scripts may not have " + what);
    }

    Node.Block script(ModuleNode module) {
        var start = new Place(file, 1, 1);
        if (module.hasPackage()) {
            throw refused(at(module.getPackage(), start), "a package");
        }
        module.getImports().forEach(node -> refuse(node, start, "an import"));
        module.getStarImports().forEach(node -> refuse(node, start, "an import"));
        module.getStaticImports().values().forEach(node -> refuse(node, start, "a static import"));
        module.getStaticStarImports().values().forEach(node -> refuse(node, start, "a static import"));
        module.getMethods()
                .forEach(node -> refuse(node, start, "a method; write a closure, such as def f = { x -> … }"));
        for (var type : module.getClasses()) {
            if (!type.isScript()) {
                throw refused(at(type, start), "a class");
            }
        }
        return block(module.getStatementBlock(), start);
    }

    private void refuse(ASTNode node, Place around, String what) {
        throw refused(at(node, around), what);
    }

    private Node.Block block(Statement statement, Place around) {
        var here = at(statement, around);
        var statements = new ArrayList<Node>();
        if (statement instanceof BlockStatement block) {
            block.getStatements().forEach(inner -> statements.add(statement(inner, here)));
        } else {
            statements.add(statement(statement, here));
        }
        return new Node.Block(here, List.copyOf(statements));
    }

    private Node statement(Statement statement, Place around) {
        var here = at(statement, around);
        if (statement.getStatementLabels() != null) {
            throw refused(here, "a label");
        }
        if (statement instanceof EmptyStatement || statement instanceof BlockStatement) {
            return statement instanceof BlockStatement ? block(statement, here) : new Node.Block(here, List.of());
        }
        if (statement instanceof ExpressionStatement expression) {
            return expressionStatement(expression.getExpression(), here);
        }
        if (statement instanceof IfStatement choice) {
            return new Node.If(
                    here,
                    expression(choice.getBooleanExpression(), here),
                    block(choice.getIfBlock(), here),
                    block(choice.getElseBlock(), here));
        }
        if (statement instanceof WhileStatement loop) {
            return new Node.While(
                    here, expression(loop.getBooleanExpression(), here), block(loop.getLoopBlock(), here));
        }
        if (statement instanceof ForStatement loop) {
            return loop(loop, here);
        }
        if (statement instanceof ReturnStatement end) {
            return new Node.Return(here, expression(end.getExpression(), here));
        }
        if (statement instanceof BreakStatement end && end.getLabel() == null) {
            return new Node.Leave(here, false);
        }
        if (statement instanceof ContinueStatement end && end.getLabel() == null) {
            return new Node.Leave(here, true);
        }
        throw unknown(here, statement);
    }

    private Node expressionStatement(Expression expression, Place around) {
        var node = expression(expression, around);
        return node instanceof Node.Call call && call.of() == null
                ? new Node.Call(
                        call.at(), null, call.name(), call.arguments(), call.named(), call.safe(), call.each(), true)
                : node;
    }

    private Node loop(ForStatement loop, Place here) {
        var body = block(loop.getLoopBlock(), here);
        if (loop.getCollectionExpression() instanceof ClosureListExpression parts) {
            if (parts.getExpressions().size() != 3) {
                throw here.error("expected for (first; condition; next)");
            }
            return new Node.For(
                    here,
                    orNothing(parts.getExpression(0), here),
                    parts.getExpression(1) instanceof EmptyExpression
                            ? new Node.Literal(here, true)
                            : expression(parts.getExpression(1), here),
                    orNothing(parts.getExpression(2), here),
                    body);
        }
        requireType(loop.getVariable().getType().getName(), here);
        return new Node.ForEach(
                here, loop.getVariable().getName(), expression(loop.getCollectionExpression(), here), body);
    }

    private Node orNothing(Expression expression, Place around) {
        return expression instanceof EmptyExpression
                ? new Node.Block(around, List.of())
                : expressionStatement(expression, around);
    }

    private static void requireType(String type, Place here) {
        if (!TYPES.contains(type)) {
            throw refused(here, "the type '" + type + "'; write def");
        }
    }

    private Node expression(Expression expression, Place around) {
        var here = at(expression, around);
        if (expression instanceof NotExpression not) {
            return new Node.Unary(here, "!", expression(not.getExpression(), here));
        }
        if (expression instanceof BooleanExpression condition) {
            return expression(condition.getExpression(), here);
        }
        if (expression instanceof ConstantExpression constant) {
            return new Node.Literal(here, literal(constant.getValue(), here));
        }
        if (expression instanceof GStringExpression text) {
            return text(text, here);
        }
        if (expression instanceof VariableExpression name) {
            return name(name, here);
        }
        if (expression instanceof ListExpression list) {
            return new Node.ListOf(here, expressions(list.getExpressions(), here));
        }
        if (expression instanceof MapExpression map) {
            return map(map, here);
        }
        if (expression instanceof RangeExpression range) {
            return range(range, here);
        }
        if (expression instanceof PropertyExpression property && !(expression instanceof AttributeExpression)) {
            return new Node.Property(
                    here,
                    expression(property.getObjectExpression(), here),
                    member(property.getProperty(), here),
                    property.isSafe(),
                    property.isSpreadSafe());
        }
        if (expression instanceof MethodCallExpression call) {
            return call(call, here);
        }
        if (expression instanceof DeclarationExpression declaration) {
            return declaration(declaration, here);
        }
        if (expression instanceof BinaryExpression binary) {
            return binary(binary, here);
        }
        if (expression instanceof ElvisOperatorExpression choice) {
            return new Node.Choice(
                    here,
                    expression(choice.getBooleanExpression(), here),
                    null,
                    expression(choice.getFalseExpression(), here));
        }
        if (expression instanceof TernaryExpression choice) {
            return new Node.Choice(
                    here,
                    expression(choice.getBooleanExpression(), here),
                    expression(choice.getTrueExpression(), here),
                    expression(choice.getFalseExpression(), here));
        }
        if (expression instanceof UnaryMinusExpression minus) {
            return new Node.Unary(here, "-", expression(minus.getExpression(), here));
        }
        if (expression instanceof UnaryPlusExpression plus) {
            return new Node.Unary(here, "+", expression(plus.getExpression(), here));
        }
        if (expression instanceof PostfixExpression step) {
            return step(step.getExpression(), step.getOperation().getText(), true, here);
        }
        if (expression instanceof PrefixExpression step) {
            return step(step.getExpression(), step.getOperation().getText(), false, here);
        }
        if (expression.getClass() == ClosureExpression.class) {
            return closure((ClosureExpression) expression, here);
        }
        if (expression instanceof CastExpression cast) {
            var type = cast.getType().getName();
            if (!TARGETS.contains(type)) {
                throw refused(
                        here,
                        "the type '" + type + "' here; known are "
                                + String.join(", ", TARGETS.stream().sorted().toList()));
            }
            return new Node.As(here, type, expression(cast.getExpression(), here));
        }
        throw unknown(here, expression);
    }

    private static MusterException unknown(Place here, ASTNode node) {
        var kind = node.getClass().getSimpleName();
        return refused(here, REFUSED.getOrDefault(kind, "this (" + kind + ")"));
    }

    private List<Node> expressions(List<Expression> expressions, Place around) {
        return expressions.stream().map(item -> expression(item, around)).toList();
    }

    private static @Nullable Object literal(@Nullable Object value, Place here) {
        if (value instanceof Integer || value instanceof Long) {
            return ((Number) value).longValue();
        }
        if (value instanceof Double || value instanceof Float) {
            return new BigDecimal(value.toString());
        }
        if (value == null || value instanceof BigDecimal || value instanceof Boolean || value instanceof String) {
            return value;
        }
        if (value instanceof BigInteger) {
            throw here.error("whole numbers have at most 63 bits; write a smaller one");
        }
        throw refused(here, "this value");
    }

    private Node text(GStringExpression text, Place here) {
        var parts = new ArrayList<Node>();
        for (var i = 0; i < text.getStrings().size(); i++) {
            parts.add(expression(text.getStrings().get(i), here));
            if (i < text.getValues().size()) {
                var value = text.getValue(i);
                if (value instanceof ClosureExpression) {
                    throw refused(at(value, here), "a closure in a string; write ${value}");
                }
                parts.add(expression(value, here));
            }
        }
        return new Node.Text(here, List.copyOf(parts));
    }

    private static Node name(VariableExpression name, Place here) {
        if (name.isThisExpression() || name.isSuperExpression()) {
            throw refused(here, "'" + name.getName() + "'");
        }
        return new Node.Name(here, name.getName());
    }

    private Node.MapOf map(MapExpression map, Place here) {
        return new Node.MapOf(
                here,
                map.getMapEntryExpressions().stream()
                        .map(entry -> new Node.Entry(
                                expression(entry.getKeyExpression(), here),
                                expression(entry.getValueExpression(), here)))
                        .toList());
    }

    private Node range(RangeExpression range, Place here) {
        if (range.isExclusiveLeft()) {
            throw refused(here, "a range that leaves out its first number");
        }
        return new Node.RangeOf(
                here, expression(range.getFrom(), here), expression(range.getTo(), here), !range.isExclusiveRight());
    }

    private String member(Expression member, Place around) {
        var here = at(member, around);
        if (!(member instanceof ConstantExpression constant) || !(constant.getValue() instanceof String name)) {
            throw refused(here, "a computed name of a property or method; use [ ] on maps");
        }
        if (FORBIDDEN.contains(name)) {
            throw refused(here, "'" + name + "': they reach no classes");
        }
        return name;
    }

    private Node call(MethodCallExpression call, Place here) {
        var named = (Node.MapOf) null;
        var arguments = new ArrayList<Node>();
        if (call.getGenericsTypes() != null) {
            throw refused(here, "type arguments");
        }
        var given = call.getArguments() instanceof TupleExpression tuple
                ? tuple.getExpressions()
                : List.of(call.getArguments());
        for (var i = 0; i < given.size(); i++) {
            // a map without brackets is a map of named arguments
            if (given.get(i) instanceof MapExpression map && (i == 0) && isNamed(call, map)) {
                named = map(map, here);
            } else {
                arguments.add(expression(given.get(i), here));
            }
        }
        return new Node.Call(
                at(call.getMethod(), here),
                call.isImplicitThis() ? null : expression(call.getObjectExpression(), here),
                member(call.getMethod(), here),
                List.copyOf(arguments),
                named,
                call.isSafe(),
                call.isSpreadSafe(),
                false);
    }

    private static boolean isNamed(MethodCallExpression call, MapExpression map) {
        return !(call.getArguments() instanceof ArgumentListExpression)
                || map.getClass() != MapExpression.class
                || map.getLineNumber() < 1
                || (!map.getMapEntryExpressions().isEmpty() && startsWithKey(map));
    }

    /** Brackets make a map begin before its first key. */
    private static boolean startsWithKey(MapExpression map) {
        var first = map.getMapEntryExpressions().get(0);
        return map.getLineNumber() == first.getLineNumber() && map.getColumnNumber() == first.getColumnNumber();
    }

    private Node declaration(DeclarationExpression declaration, Place here) {
        if (declaration.isMultipleAssignmentDeclaration()) {
            throw refused(here, "a declaration of several names at once");
        }
        var variable = declaration.getVariableExpression();
        requireType(variable.getOriginType().getName(), here);
        return new Node.Declare(
                at(variable, here),
                variable.getName(),
                declaration.getRightExpression() instanceof EmptyExpression
                        ? null
                        : expression(declaration.getRightExpression(), here));
    }

    private Node binary(BinaryExpression binary, Place here) {
        var operator = binary.getOperation().getText();
        var left = expression(binary.getLeftExpression(), here);
        if (operator.equals("[")) {
            if (binary.isSafe()) {
                throw refused(here, "'?['");
            }
            return new Node.Index(here, left, expression(binary.getRightExpression(), here));
        }
        if (ASSIGNMENTS.contains(operator)) {
            return new Node.Assign(
                    here,
                    target(left),
                    operator.substring(0, operator.length() - 1),
                    expression(binary.getRightExpression(), here));
        }
        if (!OPERATORS.contains(operator)) {
            throw refused(
                    new Place(
                            file,
                            binary.getOperation().getStartLine(),
                            Math.max(1, binary.getOperation().getStartColumn())),
                    "the operator '" + operator + "'");
        }
        return new Node.Binary(here, operator, left, expression(binary.getRightExpression(), here));
    }

    private static Node target(Node target) {
        if (target instanceof Node.Name || target instanceof Node.Index) {
            return target;
        }
        if (target instanceof Node.Property property && !property.each() && !property.safe()) {
            return target;
        }
        throw target.at().error("expected a name, a property or an index to assign to");
    }

    private Node step(Expression target, String operator, boolean after, Place here) {
        return new Node.Step(here, target(expression(target, here)), operator.substring(1), after);
    }

    private Node closure(ClosureExpression closure, Place here) {
        var declared = closure.getParameters();
        // Groovy has null for { -> … } and none for { … }
        List<Node.Parameter> parameters = declared == null ? List.of() : null;
        if (declared != null && declared.length > 0) {
            parameters = new ArrayList<>();
            for (var parameter : declared) {
                requireType(parameter.getType().getName(), at(parameter, here));
                parameters.add(new Node.Parameter(
                        parameter.getName(),
                        parameter.hasInitialExpression() ? expression(parameter.getInitialExpression(), here) : null));
            }
            parameters = List.copyOf(parameters);
        }
        return new Node.Function(here, parameters, block(closure.getCode(), here));
    }
}
