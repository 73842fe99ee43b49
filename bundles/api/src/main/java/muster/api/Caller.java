package muster.api;

/**
 * Who speaks.
 *
 * @param token the id of the token that they came with
 */
public record Caller(String name, Role role, String token) {}
