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
/// This is a description of what to read; each iteration over ``records`` or ``progress``, and each ``run(handler:)``, starts
/// a consumer of its own and ends it with the loop. Records without key or headers, pretty-printed, wrapped, in the bean form
/// or from event logs are recognised. A record that holds no event is a ``MetricsRecord/unreadable(_:)`` and the stream goes
/// on; so does it while the brokers are away. What ends it early is a wrong option, told by the first step, or a client that
/// failed for good.
///
/// Each event is given once: a copy, of which delivery at least once makes some, is a ``MetricsRecord/duplicate(_:_:)``. That
/// holds within one iteration; for results that hold every event once for ever, keep them in a store together with the
/// offsets.
public struct MetricsConsumer: Sendable {
    /// Where to begin.
    public enum Start: Sendable, Hashable {
        /// With the oldest record there is.
        case beginning
        /// With the next record to come.
        case end
        /// With the first record of this time or later, in milliseconds since 1970.
        case timestamp(Int64)
        /// With these offsets; partitions that are not named begin with their oldest record.
        case offsets([TopicPartition: Int64])
    }

    /// When missing sequence numbers are told as ``MetricsRecord/gap(_:)``.
    public enum GapReporting: Sendable, Hashable {
        /// When it can be proved: reading alone, and both topics of the contract. Progress and other events share one
        /// count, so one of the two topics alone is full of holes that are no losses.
        case automatic
        /// Always: the topics hold every event of their runs, and in a group this is the only member.
        case always
        /// Never.
        case never
    }

    /// The brokers and librdkafka's options.
    public var configuration: KafkaConfiguration
    /// The topics to read.
    public var topics: [String]
    /// The consumer group, which remembers how far it has read; nil reads alone. In a group ``start`` is only for partitions
    /// for which it has committed nothing yet.
    public var group: String?
    /// Where to begin.
    public var start: Start
    /// Whether the stream ends at the end that the topics have when reading begins.
    public var stopsAtEnd: Bool
    /// Only events of the query with this name, id or run id; nil gives all. Unreadable records are always given, and events
    /// without a name of their own are told by the name that their query had before.
    public var query: String?
    /// Whether copies of an event are told from it: by query, run, batch, kind and sequence number, and where there is no
    /// number a progress by its whole text. 10,000 runs are remembered.
    public var deduplicates = true
    /// When missing sequence numbers are told.
    public var gaps = GapReporting.automatic
    /// How much later than its successors an event may arrive before it counts as missing.
    public var gapGrace: Duration = .seconds(30)
    /// How a group's partitions are shared out.
    public var assignment = KafkaConsumer.AssignmentStrategy.cooperativeSticky
    /// The member's own name in its group, which makes it a static one; see ``KafkaConsumer/Options/instanceId``.
    public var instanceId: String?
    /// After how long without a sign of life the group takes a member for dead; nil leaves librdkafka's 45 s.
    public var sessionTimeout: Duration?
    /// Positions that win over ``start`` and over the group's commits, for readers that keep offsets with their results; see
    /// ``KafkaConsumer/init(_:subscription:options:startingAt:onLag:onError:onLog:)``.
    public var startingAt: KafkaConsumer.StartingPositions?
    /// Gets errors that do not end the stream, such as brokers that are away. It is called on the consumer's poll thread, and for
    /// a refused certificate on one of librdkafka's, so it must be ready for both at once, and return soon: nothing is read
    /// meanwhile. It must not wait for the stream.
    public var onError: @Sendable (KafkaError) -> Void
    /// Gets how many records lie between the reader and the end of each partition's log, about once a second; it must return
    /// soon. The same goes to swift-metrics as `streamgauge_consumer_lag_records` with the dimensions `topic`, `partition`
    /// and, in a group, `group`, and their sum as `streamgauge_consumer_lag_records_sum`.
    public var onLag: @Sendable ([TopicPartition: Int64]) -> Void = { _ in }
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

    var findsGaps: Bool {
        switch gaps {
        case .always: true
        case .never: false
        case .automatic:
            group == nil && topics.contains(TopicContract.progressTopic)
                && topics.contains(TopicContract.lifecycleTopic)
        }
    }

    /// - Parameter maximum: Records that the reader takes at once at most.
    func makeConsumer(batchesOf maximum: Int = 1) throws(KafkaError) -> KafkaConsumer {
        guard !topics.isEmpty else {
            throw KafkaError(
                code: .invalidArgument, message: "cannot read metrics: no topic is given; name at least one")
        }
        let (position, offsets) = start.position
        let given = startingAt
        // A few batches in advance are enough for the poll thread never to be waited for, and less of them is pushed out of the
        // caches before it is read.
        let options = KafkaConsumer.Options(
            maximumBufferedRecords: max(512, min(512, maximum) * 4), stopsAtEnd: stopsAtEnd, assignment: assignment,
            instanceId: instanceId, sessionTimeout: sessionTimeout,
            quietInterval: findsGaps ? min(gapGrace, .seconds(5)) : nil)
        let report: @Sendable ([TopicPartition: Int64]) -> Void = { [onLag, gauges = LagGauges(group: group)] lag in
            gauges.record(lag)
            onLag(lag)
        }
        guard let group else {
            return try KafkaConsumer(
                configuration, subscription: .topics(topics, from: position), options: options,
                startingAt: { partitions throws(KafkaError) in
                    try offsets.merging(given?(partitions) ?? [:]) { $1 }
                }, onLag: report, onError: onError, onLog: onLog)
        }
        return try KafkaConsumer(
            configuration, subscription: .group(group, topics: topics, reset: position, starts: offsets),
            options: options, startingAt: given, onLag: report, onError: onError, onLog: onLog)
    }
}

extension MetricsConsumer.Start {
    /// Where to begin, and where else in some partitions.
    fileprivate var position: (KafkaConsumer.StartPosition, [TopicPartition: KafkaConsumer.StartPosition]) {
        switch self {
        case .beginning: (.beginning, [:])
        case .end: (.end, [:])
        case .timestamp(let time): (.timestamp(time), [:])
        case .offsets(let offsets): (.beginning, offsets.mapValues { .offset($0) })
        }
    }
}
