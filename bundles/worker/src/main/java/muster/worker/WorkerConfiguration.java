package muster.worker;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The keys of {@code etc/muster.worker.cfg}. Text, so that an empty value always means the default. */
@ObjectClassDefinition(
        name = "Muster worker",
        description = "What this worker is, where its manager is, and what it offers")
@interface WorkerConfiguration {
    String PID = "muster.worker";

    @AttributeDefinition(description = "Whether this node works; false leaves the worker off")
    boolean enabled() default true;

    @AttributeDefinition(description = "Id, unique in the cluster; empty: the host name")
    String id() default "";

    @AttributeDefinition(description = "Address at which other machines reach this worker; empty: the host's own")
    String address() default "";

    @AttributeDefinition(
            description = "URL of the manager's REST interface, where the worker enrols; of several, comma separated")
    String manager() default "https://127.0.0.1:7070";

    @AttributeDefinition(
            description = "URL of the broker such as tcp://host:7071; empty: what the manager said at enrolment")
    String broker() default "";

    @AttributeDefinition(
            type = AttributeType.PASSWORD,
            description = "Join token, needed until the worker is enrolled; better give token.file")
    String token() default "";

    @AttributeDefinition(description = "File with the join token; the worker waits until it is there")
    String token_file() default "";

    @AttributeDefinition(
            description = "Folder for the worker's key and certificates; empty: folder security of the node")
    String security() default "";

    @AttributeDefinition(
            description = "Folder for workspaces, logs and results; one for each worker; empty: data/work of the node")
    String work() default "";

    @AttributeDefinition(description = "Cores offered, such as 8 or 0.5; empty: those that are here")
    String slots() default "";

    @AttributeDefinition(description = "Memory offered, such as 64GiB; empty: what is here")
    String memory() default "";

    @AttributeDefinition(description = "Disk offered, such as 500GiB; empty: what is free in the work folder")
    String disk() default "";

    @AttributeDefinition(description = "Resources of your own and how many of each, such as license=2,db=1")
    String custom() default "";

    @AttributeDefinition(description = "Labels that tasks can ask for, such as ssd,zone=eu")
    String labels() default "";

    @AttributeDefinition(
            description = "User of the system that tasks run as where the worker is root; of several, comma separated,"
                    + " each task has the one that the fewest others have; empty: the worker's own")
    String task_user() default "";

    @AttributeDefinition(
            description = "How much disk the logs of ended tasks may take; beyond it the oldest are deleted")
    String logs_limit() default "10GiB";

    @AttributeDefinition(description = "Address on which this worker serves files to manager and workers")
    String data_host() default "0.0.0.0";

    @AttributeDefinition(description = "Port on which this worker serves files; 0 for any that is free")
    int data_port() default 0;

    @AttributeDefinition(
            description = "How much disk files may take that tasks were given or made; beyond it those go first that"
                    + " were longest not used")
    String cache() default "20GiB";

    @AttributeDefinition(
            description = "Bundles that administrators may deploy here through the manager: any, none, or, separated"
                    + " by commas, own for those of the worker's own distribution and SHA-256 digests of others")
    String deploy() default "any";
}
