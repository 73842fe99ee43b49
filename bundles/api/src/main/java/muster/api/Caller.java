package muster.api;

/** Who speaks. */
public record Caller(String name, Role role) {}
