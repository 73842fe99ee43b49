package muster.transport.internal;

import java.nio.charset.StandardCharsets;
import java.util.List;
import muster.api.MusterException;
import muster.transport.BrokerAddress;
import muster.transport.CertificateRegister;
import muster.transport.Codec;
import muster.transport.Links;
import muster.transport.NodeIdentity;
import muster.transport.Queues;
import muster.transport.ToManager;
import muster.transport.ToWorker;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Links through an Artemis broker, by its own protocol over TLS. */
@Component
public final class ArtemisLinks implements Links {
    private static final Logger LOG = LoggerFactory.getLogger(ArtemisLinks.class);

    @Override
    public ManagerLink openManager(
            BrokerAddress broker, NodeIdentity identity, @Nullable NodeIdentity trial, ManagerListener listener) {
        var link = new Link<>(broker, identity, trial, Queues.MANAGER, new ManagerEnd(listener));
        link.open();
        return new OpenManagerLink(link);
    }

    @Override
    public WorkerLink openWorker(BrokerAddress broker, NodeIdentity identity, WorkerListener listener) {
        var end = new WorkerEnd(listener);
        var link = new Link<>(broker, identity, null, Queues.worker(identity.id()), end);
        link.open();
        return new OpenWorkerLink(link, end);
    }

    private static final class OpenManagerLink implements ManagerLink {
        private final Link<ToWorker> link;
        private volatile long epoch;

        OpenManagerLink(Link<ToWorker> link) {
            this.link = link;
        }

        @Override
        public void epoch(long epoch) {
            this.epoch = epoch;
        }

        @Override
        public void send(String worker, List<ToWorker> messages) {
            link.send(Queues.worker(worker), epoch, messages);
        }

        @Override
        public void revoked(CertificateRegister register) {
            link.notice(Queues.REVOKED, register.text().getBytes(StandardCharsets.US_ASCII));
        }

        @Override
        public void close() {
            link.close();
        }
    }

    private static final class OpenWorkerLink implements WorkerLink {
        private final Link<ToManager> link;
        private final WorkerEnd end;

        OpenWorkerLink(Link<ToManager> link, WorkerEnd end) {
            this.link = link;
            this.end = end;
        }

        @Override
        public void send(List<ToManager> messages) {
            end.sending(messages);
            link.send(Queues.MANAGER, 0, messages);
        }

        @Override
        public void unanswered() {
            link.moveOn("no manager answers through this broker");
        }

        @Override
        public void close() {
            link.close();
        }
    }

    /** The manager's side. */
    private static final class ManagerEnd implements End<ToWorker> {
        private final ManagerListener listener;

        ManagerEnd(ManagerListener listener) {
            this.listener = listener;
        }

        @Override
        public void connected() {
            listener.connected();
        }

        @Override
        public void disconnected(String cause) {
            listener.disconnected(cause);
        }

        @Override
        public void received(@Nullable String sender, byte[] bytes) {
            if (sender == null) {
                LOG.warn("dropped a message whose sender the broker does not name; set populate-validated-user on it");
                return;
            }
            Codec.FromWorker envelope;
            try {
                envelope = Codec.decodeToManager(bytes);
            } catch (MusterException e) {
                LOG.warn("dropped a message of worker '{}': {}", sender, e.getMessage());
                return;
            }
            listener.received(sender, envelope.messages());
        }

        @Override
        public byte[] encode(long epoch, List<ToWorker> messages) {
            return Codec.encodeToWorker(epoch, messages);
        }

        @Override
        public int records(ToWorker message) {
            if (message instanceof ToWorker.Run run) {
                return run.batches().stream()
                        .mapToInt(batch -> batch.indices().length)
                        .sum();
            }
            if (message instanceof ToWorker.Confirm confirm) {
                return confirm.attempts().size();
            }
            if (message instanceof ToWorker.Cancel cancel) {
                return cancel.attempts().size();
            }
            return 1;
        }

        @Override
        public List<ToWorker> halves(ToWorker message) {
            if (message instanceof ToWorker.Run run && run.batches().size() > 1) {
                var middle = run.batches().size() / 2;
                return List.of(
                        new ToWorker.Run(run.batches().subList(0, middle)),
                        new ToWorker.Run(
                                run.batches().subList(middle, run.batches().size())));
            }
            return List.of(message);
        }
    }

    /** A worker's side: keeps out what is stale. */
    private static final class WorkerEnd implements End<ToManager> {
        private final WorkerListener listener;

        private volatile String session = "";
        private long newestEpoch = Long.MIN_VALUE;
        private boolean welcome;

        WorkerEnd(WorkerListener listener) {
            this.listener = listener;
        }

        void sending(List<ToManager> messages) {
            for (var message : messages) {
                if (message instanceof ToManager.Hello hello) {
                    session = hello.session();
                }
            }
        }

        @Override
        public void connected() {
            welcome = false;
            listener.connected();
        }

        @Override
        public void disconnected(String cause) {
            listener.disconnected(cause);
        }

        @Override
        public void received(@Nullable String sender, byte[] bytes) {
            Codec.FromManager envelope;
            try {
                envelope = Codec.decodeToWorker(bytes);
            } catch (MusterException e) {
                LOG.warn("dropped a message of the manager: {}", e.getMessage());
                return;
            }
            if (envelope.epoch() < newestEpoch) {
                LOG.debug("dropped a message of epoch {}; the manager is at {}", envelope.epoch(), newestEpoch);
                return;
            }
            newestEpoch = envelope.epoch();
            var messages = envelope.messages().stream().filter(this::isAwaited).toList();
            if (!messages.isEmpty()) {
                listener.received(envelope.epoch(), messages);
            }
        }

        /** Before its welcome, what arrives was sent by a manager that has not reconciled yet. */
        private boolean isAwaited(ToWorker message) {
            if (message instanceof ToWorker.Welcome answer && answer.session().equals(session)) {
                welcome = true;
            }
            return welcome || message instanceof ToWorker.Refused;
        }

        @Override
        public byte[] encode(long epoch, List<ToManager> messages) {
            return Codec.encodeToManager(messages);
        }

        @Override
        public int records(ToManager message) {
            if (message instanceof ToManager.Finished finished) {
                return finished.results().size();
            }
            if (message instanceof ToManager.Started started) {
                return started.starts().size();
            }
            return 1;
        }

        @Override
        public List<ToManager> halves(ToManager message) {
            if (message instanceof ToManager.Finished finished
                    && finished.results().size() > 1) {
                var middle = finished.results().size() / 2;
                return List.of(
                        new ToManager.Finished(
                                finished.session(), finished.results().subList(0, middle)),
                        new ToManager.Finished(
                                finished.session(),
                                finished.results()
                                        .subList(middle, finished.results().size())));
            }
            return List.of(message);
        }
    }
}
