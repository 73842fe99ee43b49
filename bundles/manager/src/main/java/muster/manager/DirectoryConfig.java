package muster.manager;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Where the users of an LDAP directory are: {@code etc/muster.directory.cfg}. */
@ObjectClassDefinition(name = "Muster directory")
public @interface DirectoryConfig {
    String PID = "muster.directory";

    @AttributeDefinition(
            description =
                    "Servers of the directory, such as ldaps://ldap.example.org, blanks between; empty for no directory")
    String url() default "";

    @AttributeDefinition(
            description =
                    "File with the certificates of the authorities that sign the servers' certificates, PEM; empty"
                            + " for those that Java trusts")
    String authorities() default "";

    @AttributeDefinition(description = "Distinguished name of who may search; empty to search without a name")
    String user() default "";

    @AttributeDefinition(description = "File with the password of that user; empty for none")
    String password_file() default "";

    @AttributeDefinition(description = "Entry below which the users are")
    String users() default "ou=people,dc=example,dc=org";

    @AttributeDefinition(description = "Which of them a user is; %u stands for the name that was given")
    String users_filter() default "(uid=%u)";

    @AttributeDefinition(description = "Entry below which the groups are")
    String groups() default "ou=groups,dc=example,dc=org";

    @AttributeDefinition(
            description = "Which of them a user is in; %fqdn stands for the user's distinguished name, %u for the name")
    String groups_filter() default "(member=%fqdn)";

    @AttributeDefinition(
            description = "Attribute with the name of a group, as passwords.roles of muster.manager has it")
    String groups_name() default "cn";
}
