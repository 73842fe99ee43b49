package muster.language.yaml;

/**
 * One task that a definition becomes.
 *
 * @param name unique in the script
 */
record Instance(Definition definition, String name, Bindings bindings) {}
