package muster.api.language;

/**
 * A file of the user's whose content was uploaded.
 *
 * @param name below the folder that the script names; empty if it names this very file
 * @param object its content: {@code sha256:…}
 */
public record Content(String name, String object, boolean executable) {}
