package muster.manager.store;

import muster.api.language.WorkflowRequest;

/**
 * What asks for the tasks of a job step by step.
 *
 * @param language its name
 * @param version of the bundle that it comes from, for the whole run
 * @param begun how many tasks it asked for at the start
 * @param script as it was sent; its name, tags, priority and limits lie in the job's specification
 */
public record StoredDriver(String language, String version, int begun, WorkflowRequest script) {}
