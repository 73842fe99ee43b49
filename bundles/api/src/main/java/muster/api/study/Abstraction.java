package muster.api.study;

import java.util.List;

/** Systems that are alike, under the name that a study gives them. */
public record Abstraction(String name, List<Subject> systems) {
    public Abstraction {
        systems = List.copyOf(systems);
    }
}
