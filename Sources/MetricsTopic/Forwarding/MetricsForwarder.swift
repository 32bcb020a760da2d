import Kafka
import Logging
import StreamingMetrics

/// The thread between the listener's buffer and librdkafka, and what it shares with both.
///
/// One lock guards everything shared (``Shared``); it is held for constant time and never across a call into Kafka. The
/// worker takes from the ledger and sends; delivery reports settle the ledger on the producer's poll thread; closing waits on
/// the same lock's condition. The worker alone makes and closes producers.
final class MetricsForwarder: Sendable {
    struct Shared: Sendable {
        var ledger: ForwardingLedger
        var outage = OutageReporter()
        /// When a report came last, or the first event was sent after none was on its way.
        var lastSign: ContinuousClock.Instant = .now
        var workerHasEnded = false
    }

    private let shared: Monitor<Shared>
    private let configuration: KafkaConfiguration
    private let topics: [String]
    private let lifecycleTopic: String?
    private let limits: KafkaMetrics.Limits
    private let logger: Logger

    init(
        _ configuration: KafkaConfiguration, progressTopic: String, lifecycleTopic: String?,
        limits: KafkaMetrics.Limits, logger: Logger
    ) throws(KafkaError) {
        self.configuration = Self.withDefaults(configuration)
        topics = [progressTopic] + (lifecycleTopic.map { [$0] } ?? [])
        self.lifecycleTopic = lifecycleTopic
        self.limits = limits
        self.logger = logger
        shared = Monitor(
            Shared(
                ledger: ForwardingLedger(capacity: limits.bufferedEvents, maximumInFlight: limits.eventsInFlight)))
        // Made here and not by the worker, so that a wrong option is the initialiser's error.
        let first = try makeProducer()
        try DedicatedThread.start(name: "metrics-forwarder") { self.run(first) }
    }

    private static func withDefaults(_ configuration: KafkaConfiguration) -> KafkaConfiguration {
        var configuration = configuration
        let defaults = [
            "enable.idempotence": "true",
            // The ledger bounds memory and says what is dropped; a time limit would drop what could still be delivered.
            "message.timeout.ms": "0",
            // A few events a second do not need a request each.
            "linger.ms": "20",
            // The same partition for a key as Kafka's Java clients choose.
            "partitioner": "murmur2_random",
        ]
        configuration.properties.merge(defaults) { given, _ in given }
        return configuration
    }

    private func makeProducer() throws(KafkaError) -> KafkaProducer {
        let shared = shared
        return try KafkaProducer(
            configuration, onDelivery: { [weak self] reports in self?.settle(reports) },
            onError: { [weak self] error in
                if error.isFatal {
                    shared.withLock { $0.ledger.clientFailed() }
                    shared.broadcast()
                } else {
                    self?.report(error)
                }
            },
            onLog: { [logger] entry in
                logger.debug("librdkafka: \(entry.message)", metadata: ["facility": "\(entry.facility)"])
            })
    }

    // MARK: From the listener

    func offer(_ event: StreamingQueryEvent) {
        shared.withLock { $0.ledger.offer(event) }
        shared.broadcast()
    }

    func send(_ event: StreamingQueryEvent) async throws(KafkaError) {
        let accepted = shared.withLock { shared in
            guard shared.ledger.hasRoom else { return false }
            shared.ledger.offer(event)
            return true
        }
        if !accepted {
            try await DedicatedThread.call(name: "metrics-send") { [shared] () throws(KafkaError) in
                _ = shared.wait { shared -> Bool? in
                    guard shared.ledger.hasAmpleRoom else { return nil }
                    shared.ledger.offer(event)
                    return true
                }
            }
        }
        shared.broadcast()
    }

    var statistics: ForwardingStatistics { shared.withLock { $0.ledger.statistics } }

    // MARK: The worker

    private enum Step {
        case send([ForwardingLedger.Taken])
        case replaceClient
        case stop
    }

    /// Taken at once at most: waking up for each event costs more than sending it, and the lock is held for constant time.
    private static let maximumBatch = 128

    private func run(_ first: KafkaProducer) {
        var producer = first
        var writer = RecordWriter(progressTopic: topics[0], lifecycleTopic: lifecycleTopic)
        var stalls = StallDetector(after: limits.stallAfter)
        loop: while true {
            let step: Step? = shared.wait(timeout: .seconds(1)) { shared in
                if shared.ledger.isClosed { return .stop }
                if shared.ledger.needsNewClient { return .replaceClient }
                if shared.ledger.inFlightCount == 0 { shared.lastSign = .now }
                let batch = shared.ledger.take(upTo: Self.maximumBatch)
                return batch.isEmpty ? nil : .send(batch)
            }
            switch step {
            case .stop: break loop
            case .replaceClient:
                if let next = replace(producer) { producer = next }
            case .send(let batch): send(batch, &writer, &stalls, producer)
            case nil: break
            }
            let (lastSign, inFlight) = shared.withLock { ($0.lastSign, $0.ledger.inFlightCount) }
            if stalls.isDue(lastSign: lastSign, inFlight: inFlight) { lookAtTopics(producer) }
        }
        producer.closeBlocking(timeout: .zero)
        shared.withLock { $0.workerHasEnded = true }
        shared.broadcast()
    }

    /// Sends events in their order. One that has to wait holds up those behind it, which go back with it.
    private func send(
        _ batch: [ForwardingLedger.Taken], _ writer: inout RecordWriter, _ stalls: inout StallDetector,
        _ producer: KafkaProducer
    ) {
        for (index, taken) in batch.enumerated() {
            do throws(KafkaError) {
                try writer.send(taken.entry, token: taken.token, to: producer)
            } catch {
                let isMissing = error.code == .unknownTopicOrPartition
                guard error.isFatal || isMissing || error.code == .queueFull else {
                    shared.withLock { $0.ledger.giveUp(taken.token, Self.reason(error)) }
                    shared.broadcast()
                    report(error)
                    continue
                }
                shared.withLock { shared in
                    shared.ledger.putBack(batch[index...].map(\.token))
                    if error.isFatal { shared.ledger.clientFailed() }
                }
                shared.broadcast()
                if error.isFatal { return }
                if isMissing {
                    report(error)
                    if stalls.mayLook() { lookAtTopics(producer) }
                }
                // Nothing wakes us in particular: a moment later there may be room, or the topic.
                let pause: Duration = isMissing ? .seconds(1) : .milliseconds(50)
                _ = shared.wait(timeout: pause) { $0.ledger.isClosed ? true : nil }
                return
            }
        }
    }

    /// Ends a client that has failed for good and starts another. Its reports of failure leave the ledger as it is.
    private func replace(_ old: KafkaProducer) -> KafkaProducer? {
        let cause = old.fatalError
        old.closeBlocking(timeout: .zero)
        do throws(KafkaError) {
            let new = try makeProducer()
            shared.withLock { shared in
                shared.ledger.returnInFlight()
                shared.lastSign = .now
            }
            logger.warning(
                "the Kafka client failed for good and was replaced; events it had not delivered are sent again",
                metadata: ["cause": "\(cause?.description ?? "unknown")"])
            return new
        } catch {
            report(error)
            // Out of threads or memory: tried again after a moment, or when closing.
            _ = shared.wait(timeout: .seconds(1)) { $0.ledger.isClosed ? true : nil }
            return nil
        }
    }

    /// Asks what is wrong with the topics, creates those that are missing, and says what cannot be done.
    private func lookAtTopics(_ producer: KafkaProducer) {
        for topic in topics {
            do throws(KafkaError) {
                let metadata = try producer.metadata(topic: topic, timeout: .seconds(1))
                guard let error = metadata.topics.first?.error else { continue }
                if error.code == .unknownTopicOrPartition {
                    try producer.createTopic(NewTopic(name: topic, partitions: -1), timeout: .seconds(2))
                } else {
                    throw error
                }
            } catch {
                report(error)
                return
            }
        }
    }

    // MARK: From librdkafka's reports

    private func settle(_ reports: [DeliveryReport]) {
        var failure: KafkaError?
        let recovery: Logger.Message? = shared.withLock { shared in
            shared.lastSign = .now
            var recovered: Logger.Message?
            var missing: [UInt] = []
            for report in reports {
                guard let error = report.error else {
                    shared.ledger.acknowledge(report.token)
                    recovered = recovered ?? shared.outage.delivered(topic: topics[0])
                    continue
                }
                if shared.ledger.needsNewClient || error.isFatal || error.code == .purged { continue }
                if Self.followsFatal(error) {
                    // The reports of a failing client may come before its fatal error.
                    shared.ledger.clientFailed()
                    continue
                }
                if error.code == .unknownTopicOrPartition {
                    missing.append(report.token)
                } else {
                    shared.ledger.giveUp(report.token, Self.reason(error))
                }
                failure = error
            }
            shared.ledger.putBack(missing)
            return recovered
        }
        shared.broadcast()
        if let failure { report(failure) }
        if let recovery { logger.info(recovery) }
    }

    /// Whether an error means that the idempotent producer has lost its sequence.
    private static func followsFatal(_ error: KafkaError) -> Bool {
        ["OUT_OF_ORDER_SEQUENCE_NUMBER", "UNKNOWN_PRODUCER_ID", "INVALID_PRODUCER_EPOCH", "_FATAL"]
            .contains(error.rdKafkaName)
    }

    private static func reason(_ error: KafkaError) -> DropReason {
        switch error.code {
        case .messageTooLarge: .tooLarge
        case .timedOut: .timedOut
        case .closed, .purged: .closed
        default: .refused
        }
    }

    private func report(_ error: KafkaError) {
        let line = shared.withLock { shared -> Logger.Message? in
            // Brokers close idle connections: that matters only while something is to be delivered.
            if error.code == .brokerUnreachable, shared.ledger.pending == 0 { return nil }
            return shared.outage.fault(error, topic: topics[0], bootstrapServers: configuration.bootstrapServers)
        }
        if let line { logger.warning(line) }
    }

    // MARK: Closing

    func waitUntilDelivered(timeout: Duration) -> Bool {
        shared.wait(timeout: timeout) { $0.ledger.pending == 0 ? true : nil } ?? false
    }

    func close(timeout: Duration) -> DeliverySummary {
        let clock = ContinuousClock()
        let deadline = clock.now + min(timeout, .seconds(31_536_000))
        // A part is kept for ending the client, so that the whole stays within the timeout.
        _ = waitUntilDelivered(timeout: timeout - min(timeout / 5, .milliseconds(500)))
        abandon()
        let summary = DeliverySummary(statistics: statistics)
        _ = shared.wait(timeout: clock.now.duration(to: deadline)) { $0.workerHasEnded ? true : nil }
        return summary
    }

    /// Gives up what is pending and lets the worker end; does not wait.
    func abandon() {
        shared.withLock { $0.ledger.close() }
        shared.broadcast()
    }
}
