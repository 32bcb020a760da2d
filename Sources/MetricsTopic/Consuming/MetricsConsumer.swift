public import Kafka

/// Reads the events of streaming queries from Kafka, whoever wrote them.
///
/// ```swift
/// let metrics = MetricsConsumer(bootstrapServers: "localhost:9092")
/// for try await progress in metrics.progress {
///     print(progress.name ?? "-", progress.batchId ?? -1, progress.processedRowsPerSecond ?? 0)
/// }
/// ```
///
/// This is a description of what to read; each iteration over ``records`` or ``progress`` starts a consumer of its own and
/// ends it with the loop. Records without key or headers, pretty-printed, wrapped, in the bean form or from event logs are
/// recognised. A record that holds no event is a ``MetricsRecord/unreadable(_:)`` and the stream goes on; so does it while
/// the brokers are away. What ends it early is a wrong option, told by the first step, or a client that failed for good.
public struct MetricsConsumer: Sendable {
    /// Where to begin.
    public enum Start: Sendable, Hashable {
        /// With the oldest record there is.
        case beginning
        /// With the next record to come.
        case end
        /// With the first record of this time or later, in milliseconds since 1970; not for groups.
        case timestamp(Int64)
    }

    /// The brokers and librdkafka's options.
    public var configuration: KafkaConfiguration
    /// The topics to read.
    public var topics: [String]
    /// The consumer group, which remembers how far it has read; nil reads alone. In a group ``start`` is only for a group
    /// that has committed nothing yet.
    public var group: String?
    /// Where to begin.
    public var start: Start
    /// Whether the stream ends at the end that the topics have when reading begins.
    public var stopsAtEnd: Bool
    /// Only events of the query with this name, id or run id; nil gives all. Unreadable records are always given, and events
    /// without a name of their own are told by the name that their query had before.
    public var query: String?
    /// Gets errors that do not end the stream, such as brokers that are away; it must return soon.
    public var onError: @Sendable (KafkaError) -> Void
    /// Gets librdkafka's log lines, on any thread.
    public var onLog: @Sendable (KafkaLogEntry) -> Void = { _ in }

    /// Describes what to read.
    public init(
        configuration: KafkaConfiguration, topics: [String] = [TopicContract.progressTopic], group: String? = nil,
        start: Start = .end, stopsAtEnd: Bool = false, query: String? = nil,
        onError: @escaping @Sendable (KafkaError) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.topics = topics
        self.group = group
        self.start = start
        self.stopsAtEnd = stopsAtEnd
        self.query = query
        self.onError = onError
    }

    /// Describes what to read from brokers that ask for nothing.
    public init(
        bootstrapServers: String, topics: [String] = [TopicContract.progressTopic], group: String? = nil,
        start: Start = .end, stopsAtEnd: Bool = false, query: String? = nil,
        onError: @escaping @Sendable (KafkaError) -> Void = { _ in }
    ) {
        self.init(
            configuration: KafkaConfiguration(bootstrapServers: bootstrapServers), topics: topics, group: group,
            start: start, stopsAtEnd: stopsAtEnd, query: query, onError: onError)
    }

    /// Everything on the topics: events with where they came from, and what could not be read.
    public var records: Records { Records(consumer: self) }

    /// Only progress, without where it came from. Records that cannot be read are passed over; ``records`` shows them.
    public var progress: Progress { Progress(consumer: self) }

    func makeConsumer() throws(KafkaError) -> KafkaConsumer {
        let subscription: KafkaConsumer.Subscription
        if let group {
            guard case .timestamp = start else {
                subscription = .group(group, topics: topics, reset: start == .beginning ? .beginning : .end)
                return try makeConsumer(subscription)
            }
            throw KafkaError(
                code: .invalidArgument,
                message: "cannot read as group \"\(group)\" from a time: a group goes on where it committed; "
                    + "read without a group, or begin at the beginning or the end")
        }
        switch start {
        case .beginning: subscription = .topics(topics, from: .beginning)
        case .end: subscription = .topics(topics, from: .end)
        case .timestamp(let time): subscription = .topics(topics, from: .timestamp(time))
        }
        return try makeConsumer(subscription)
    }

    private func makeConsumer(_ subscription: KafkaConsumer.Subscription) throws(KafkaError) -> KafkaConsumer {
        guard !topics.isEmpty else {
            throw KafkaError(
                code: .invalidArgument, message: "cannot read metrics: no topic is given; name at least one")
        }
        return try KafkaConsumer(
            configuration, subscription: subscription, options: .init(stopsAtEnd: stopsAtEnd), onError: onError,
            onLog: onLog)
    }
}
