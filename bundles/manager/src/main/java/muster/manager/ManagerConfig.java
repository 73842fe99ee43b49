package muster.manager;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The manager's settings: {@code etc/muster.manager.cfg}. */
@ObjectClassDefinition(name = "Muster manager")
public @interface ManagerConfig {
    String PID = "muster.manager";

    @AttributeDefinition(description = "Id of this manager in its certificate and in the status")
    String id() default "manager";

    @AttributeDefinition(
            description = "Further names and addresses, comma separated, that REST's certificate carries;"
                    + " localhost, 127.0.0.1 and the host's name are always in")
    String names() default "";

    @AttributeDefinition(
            description =
                    "This machine's address as workers reach the embedded broker, and the files of one of several managers")
    String address() default "127.0.0.1";

    @AttributeDefinition(description = "Folder of the store; empty for ${karaf.data}/muster")
    String data() default "";

    @AttributeDefinition(
            description = "Where jobs and results are kept: empty for SQLite in the data folder,"
                    + " or a PostgreSQL database, such as jdbc:postgresql://host:5432/muster")
    String store() default "";

    @AttributeDefinition(description = "PostgreSQL user; empty for what the URL says")
    String store_user() default "";

    @AttributeDefinition(description = "File with the PostgreSQL user's password; empty for none")
    String store_password_file() default "";

    @AttributeDefinition(
            description = "URL at which clients reach this manager, for those that ask one that stands by;"
                    + " empty for https, the address and port 7070")
    String url() default "";

    @AttributeDefinition(
            description =
                    "With PostgreSQL: how long the leading manager may be silent until one that stands by takes over,"
                            + " such as 5s; at least 3s")
    String takeover() default "5s";

    @AttributeDefinition(description = "Address on which the manager serves files to workers")
    String data_host() default "0.0.0.0";

    @AttributeDefinition(
            description =
                    "Port on which the manager serves files to workers, which it tells them; 0 for any that is free")
    int data_port() default 0;

    @AttributeDefinition(
            description = "Where files are kept: empty for the data folder, or a bucket, such as s3://bucket/prefix")
    String data_store() default "";

    @AttributeDefinition(description = "With a bucket: URL of its server; empty for Amazon's")
    String data_store_endpoint() default "";

    @AttributeDefinition(
            description = "With a bucket: its region; empty for what the environment or the profile say, and us-east-1"
                    + " with an endpoint")
    String data_store_region() default "";

    @AttributeDefinition(
            description =
                    "With a bucket: id of the access key; empty for what the environment, profile or machine have")
    String data_store_key() default "";

    @AttributeDefinition(description = "With an access key: file with its secret")
    String data_store_secret_file() default "";

    @AttributeDefinition(
            description = "With a bucket: how much of it the data folder may hold, those that were asked for last")
    String data_store_cache() default "20GiB";

    @AttributeDefinition(
            description =
                    "How long a file is kept that no job takes or made, such as 7d; 0s for ever. Files of jobs are kept"
                            + " as long as these")
    String data_unused() default "7d";

    @AttributeDefinition(
            description = "Folders of shared storage that all workers and users see at the same path, comma separated,"
                    + " such as /home,/scratch: inputs below them are not copied")
    String shared() default "";

    @AttributeDefinition(description = "Folder of the CA, keys and tokens; empty for ${karaf.base}/security")
    String security() default "";

    @AttributeDefinition(
            description = "With PostgreSQL, for several managers: file with a key that all of them have, 32 bytes in"
                    + " base64. The CA, tokens and the register of certificates are then in the store, encrypted by"
                    + " it; empty for files in the security folder")
    String security_key() default "";

    @AttributeDefinition(
            description =
                    "File of users who come with a name and a password instead of a token, a line NAME:HASH[:ROLE]"
                            + " for each as htpasswd -B makes it; empty for none")
    String passwords() default "";

    @AttributeDefinition(
            description = "Realm of Karaf that knows further users by name and password, such as directory, that of"
                    + " etc/muster.directory.cfg; empty for none")
    String passwords_realm() default "";

    @AttributeDefinition(
            description =
                    "What roles and groups of the realm are here, ROLE=NAME, comma separated; who has none of them"
                            + " is refused")
    String passwords_roles() default
            "viewer=muster-viewer,user=muster-user,operator=muster-operator,admin=muster-admin";

    @AttributeDefinition(
            description = "How large the audit log, audit/audit.jsonl in the data folder, may become until it is put"
                    + " aside and a new one begun")
    String audit_size() default "64MiB";

    @AttributeDefinition(
            description = "Ids of the workers that should be there, comma separated; status names who is missing")
    String nodes() default "";

    @AttributeDefinition(description = "How often workers renew their lease, such as 2s")
    String heartbeat() default "2s";

    @AttributeDefinition(description = "How long a silent worker is trusted, such as 10s")
    String lease() default "10s";

    @AttributeDefinition(description = "How often a task may lose its worker before it fails")
    int crashes() default 3;

    @AttributeDefinition(description = "How many attempts a worker may hold beyond those that fit on it")
    int prefetch() default 4096;

    @AttributeDefinition(description = "How many open jobs an owner may have; 0 for any number")
    int limit_jobs() default 100_000;

    @AttributeDefinition(description = "How many tasks an owner's open jobs may have together; 0 for any number")
    long limit_tasks() default 20_000_000;

    @AttributeDefinition(
            description = "How many jobs an owner may submit in a second, as a mean over ten; 0 for any number")
    int limit_submits() default 1000;

    @AttributeDefinition(
            description =
                    "How long a job is kept after its end, such as 90d; 0s for ever. Then it is deleted with all that"
                            + " is known of its tasks")
    String retention() default "90d";

    @AttributeDefinition(description = "How many ended jobs are kept at most, the newest; 0 for all")
    int retention_jobs() default 100_000;
}
