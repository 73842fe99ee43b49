package muster.broker;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The keys of {@code etc/muster.broker.cfg}. */
@ObjectClassDefinition(name = "Muster broker", description = "Carries messages between the manager and its workers.")
@interface BrokerConfiguration {
    @AttributeDefinition(
            name = "URL",
            description =
                    "An external broker to use instead of the embedded one, such as tcp://broker:7071, or a pair: "
                            + "(tcp://broker1:7071,tcp://broker2:7071); empty for the embedded one.")
    String url() default "";

    @AttributeDefinition(name = "Host", description = "The address to listen on; 0.0.0.0 for all of this machine.")
    String host() default "0.0.0.0";

    @AttributeDefinition(
            name = "Port",
            description = "The port to listen on, with mutual TLS; 0 for any that is free.",
            min = "0",
            max = "65535")
    int port() default 7071;

    @AttributeDefinition(
            name = "Data",
            description = "The folder for messages that do not fit into memory, emptied at each start; "
                    + "empty for artemis in Karaf's data folder.")
    String data() default "";
}
