public import AlertChannels
public import Kafka
public import Monitoring
import StreamingMetrics
import Synchronization

/// Writes each alert of a notice as a record of its own: the key is the alert's fingerprint, so that its records stay in order and a
/// compacted topic keeps what became of it last; the value is the alert as JSON.
///
/// | header | content |
/// |---|---|
/// | `event` | `alert` |
/// | `status` | `firing` or `resolved` |
/// | `notice` | the notice's key, the same for each delivery of it |
/// | `group` | the group that it is about |
public final class AlertTopicChannel: AlertChannel {
    private let topic: String
    private let configuration: KafkaConfiguration
    private let sender: NoticeSender
    private let producer: Mutex<KafkaProducer?>

    /// Makes a channel. No broker needs to be there.
    ///
    /// - Throws: `ChannelError` when an option is wrong.
    public init(
        configuration: KafkaConfiguration, topic: String, name: String, externalURL: String? = nil, timeout: Duration
    ) throws(ChannelError) {
        var configuration = configuration
        // A notice is all there is: waiting for company is waiting for nothing.
        if configuration.properties["linger.ms"] == nil { configuration.properties["linger.ms"] = "0" }
        configuration.properties["message.timeout.ms"] = "\(Self.milliseconds(timeout))"
        self.topic = topic
        self.configuration = configuration
        sender = NoticeSender(channel: name, externalURL: externalURL)
        do throws(KafkaError) {
            producer = Mutex(try KafkaProducer(configuration))
        } catch {
            throw Self.failure(error, isRetriable: false)
        }
    }

    /// The topic and its brokers.
    public var destination: String { "topic \(topic) at \(configuration.bootstrapServers)" }

    /// Writes the records and waits until the brokers have them.
    public func deliver(_ notification: AlertNotification) async throws(ChannelError) {
        let producer = try current()
        let news = Set(notification.news)
        let records = notification.alerts.map { record($0, isNew: news.contains($0.fingerprint), notification) }
        let failure = await Self.purging(producer) { await Self.write(records, producer) }
        guard let failure else { return }
        if failure.isFatal || producer.fatalError != nil { await replace(producer) }
        throw Self.failure(failure, isRetriable: failure.code != .messageTooLarge && failure.code != .invalidArgument)
    }

    /// The first failure; nil when the brokers have all records.
    private static func write(_ records: [ProducerRecord], _ producer: KafkaProducer) async -> KafkaError? {
        await withTaskGroup(of: KafkaError?.self) { group in
            for record in records {
                group.addTask {
                    do throws(KafkaError) {
                        _ = try await producer.deliver(record)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            var first: KafkaError?
            for await failure in group { first = first ?? failure }
            return first
        }
    }

    /// Waits for work on a producer; when the task is cancelled, what is on its way is given up, and its reports come at once.
    private static func purging<Value: Sendable>(
        _ producer: KafkaProducer, _ work: @Sendable () async -> Value
    ) async -> Value {
        let progress = Work()
        defer { progress.end() }
        return await withTaskCancellationHandler(operation: work) {
            // Again and again: a record may be about to be handed over just now. Of no task's own, since a child of a cancelled
            // task cannot sleep; it ends a moment after the work, whose end it watches.
            Task {
                while !progress.hasEnded {
                    try? producer.purge()
                    try? await Task.sleep(for: .milliseconds(50))
                }
            }
        }
    }

    /// Whether some work is over.
    private final class Work: Sendable {
        private let state = Mutex(false)
        var hasEnded: Bool { state.withLock { $0 } }
        func end() { state.withLock { $0 = true } }
    }

    private static func milliseconds(_ timeout: Duration) -> Int64 {
        let (seconds, attoseconds) = min(max(timeout, .milliseconds(1)), .seconds(86_400)).components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    /// Gives up what is on its way, and ends the client.
    public func close() async {
        let last = producer.withLock { producer in
            defer { producer = nil }
            return producer
        }
        await last?.close(timeout: .zero)
    }

    private func record(_ alert: Alert, isNew: Bool, _ notification: AlertNotification) -> ProducerRecord {
        ProducerRecord(
            topic: topic, key: alert.fingerprint, value: NoticeJSON.alert(alert, isNew: isNew, sender).jsonText,
            headers: [
                RecordHeader(name: "event", text: "alert"), RecordHeader(name: "status", text: alert.state.rawValue),
                RecordHeader(name: "notice", text: notification.key),
                RecordHeader(name: "group", text: notification.group),
            ])
    }

    private func current() throws(ChannelError) -> KafkaProducer {
        do throws(KafkaError) {
            return try producer.withLock { (producer: inout sending KafkaProducer?) throws(KafkaError) in
                if let producer { return producer }
                let new = try KafkaProducer(configuration)
                producer = new
                return new
            }
        } catch {
            throw Self.failure(error, isRetriable: true)
        }
    }

    /// One that has failed for good is closed; the next delivery makes another.
    private func replace(_ broken: KafkaProducer) async {
        let isCurrent = producer.withLock { producer in
            guard producer === broken else { return false }
            producer = nil
            return true
        }
        if isCurrent { await broken.close(timeout: .zero) }
    }

    private static func failure(_ error: KafkaError, isRetriable: Bool) -> ChannelError {
        let code: ChannelError.Code =
            switch error.code {
            case .timedOut, .purged: .timedOut
            case .brokerUnreachable, .queueFull: .unreachable
            case .tlsFailed: .tlsFailed
            case .invalidConfiguration, .invalidArgument: .invalidConfiguration
            default: .refused
            }
        return ChannelError(code: code, message: "\(error)", isRetriable: isRetriable)
    }
}
