package muster.rest;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.ws.rs.QueryParam;
import javax.ws.rs.container.ContainerRequestContext;
import javax.ws.rs.container.ContainerRequestFilter;
import javax.ws.rs.container.ResourceInfo;
import javax.ws.rs.core.Context;
import muster.api.Fault;
import muster.api.MusterException;
import muster.rest.json.Words;

/** Holds the role that a method needs, and refuses query parameters it does not have. */
public final class Authorization implements ContainerRequestFilter {
    private final Map<Method, Set<String>> parameters = new ConcurrentHashMap<>();

    @Context
    private ResourceInfo resource;

    @Override
    public void filter(ContainerRequestContext context) {
        var method = resource.getResourceMethod();
        if (method == null) {
            return;
        }
        if (!method.isAnnotationPresent(Open.class)) {
            var caller = Access.caller(context.getSecurityContext());
            var needs = method.getAnnotation(Needs.class);
            if (needs == null) {
                throw new IllegalStateException(method + " does not say whom it serves");
            }
            Access.requireRole(caller, needs.value());
        }
        requireKnown(
                context.getUriInfo().getQueryParameters().keySet(),
                parameters.computeIfAbsent(method, Authorization::parameters));
    }

    private static void requireKnown(Set<String> given, Set<String> known) {
        var faults = given.stream()
                .filter(name -> !known.contains(name))
                .limit(10)
                .map(name -> new Fault(
                        "",
                        "there is no query parameter '" + Words.shown(name) + "' here; "
                                + (known.isEmpty() ? "leave it out" : Words.remedy(name, known))))
                .toList();
        if (!faults.isEmpty()) {
            throw MusterException.invalid(faults);
        }
    }

    private static Set<String> parameters(Method method) {
        var names = new LinkedHashSet<String>();
        for (var annotations : method.getParameterAnnotations()) {
            for (Annotation annotation : annotations) {
                if (annotation instanceof QueryParam parameter) {
                    names.add(parameter.value());
                }
            }
        }
        return names;
    }
}
