package muster.manager;

import java.io.IOException;
import java.time.Clock;
import muster.api.AuditService;
import muster.api.Deed;
import muster.api.ErrorCode;
import muster.api.MusterException;
import muster.api.Quantity;
import muster.manager.security.AuditLog;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Keeps the audit log in the data folder. Broker and REST wait for it. */
@Component(immediate = true, configurationPid = ManagerConfig.PID)
public final class AuditComponent implements AuditService {
    private final AuditLog log;

    @Activate
    public AuditComponent(ManagerConfig config) {
        var folder = ManagerComponent.data(config).resolve("audit");
        try {
            log = new AuditLog(folder, Quantity.parseBytes(config.audit_size()), Clock.systemUTC());
        } catch (IOException e) {
            throw new MusterException(
                    ErrorCode.UNAVAILABLE,
                    "the audit log in " + folder + " cannot be used: " + e.getMessage()
                            + "; check that it belongs to this user, or set data in etc/muster.manager.cfg",
                    e);
        }
    }

    @Override
    public void record(Deed deed) {
        log.record(deed);
    }

    @Deactivate
    void close() throws IOException {
        log.close();
    }
}
