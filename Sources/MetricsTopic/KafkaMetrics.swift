public import Kafka
public import Logging
public import StreamingMetrics

/// A listener that forwards the events of streaming queries to Kafka.
///
/// ```swift
/// let kafkaMetrics = try KafkaMetrics(bootstrapServers: "localhost:9092")
/// spark.streams.addListener(kafkaMetrics)
/// ```
///
/// A listener call only puts the event into a bounded buffer, in constant time: it never waits, never throws and never
/// depends on a broker. A thread of the forwarder's own writes the records that ``TopicContract`` describes and hands them to
/// librdkafka. While the broker is away the newest events are kept and the oldest given up; a client that has failed for
/// good is replaced and what it had not delivered is sent again in order. So delivery is at least once, and the header
/// `sequence` shows both gaps and repetitions. What cannot be done is logged once, and ``close(timeout:)`` says how many
/// events were not delivered.
public final class KafkaMetrics: StreamingQueryListener {
    /// Where started, idle and terminated events go.
    public enum LifecycleTopic: Sendable, Hashable {
        /// To a topic of their own.
        case separate(String = TopicContract.lifecycleTopic)
        /// To the topic of the progress records.
        case sameTopic
        /// Nowhere.
        case off
    }

    /// Bounds of the forwarder.
    public struct Limits: Sendable, Hashable {
        /// Events in the buffer at most; beyond, the oldest are given up.
        public var bufferedEvents: Int
        /// Events handed to librdkafka and not acknowledged at most.
        public var eventsInFlight: Int
        /// After how long without any acknowledgement the topic is looked at, to say what is wrong.
        public var stallAfter: Duration

        /// Creates limits.
        public init(bufferedEvents: Int = 10_000, eventsInFlight: Int = 1_000, stallAfter: Duration = .seconds(3)) {
            self.bufferedEvents = bufferedEvents
            self.eventsInFlight = eventsInFlight
            self.stallAfter = stallAfter
        }
    }

    private let forwarder: MetricsForwarder
    private let lifecycleTopic: LifecycleTopic

    /// Starts a forwarder with the usual topics. No broker needs to be there.
    ///
    /// - Throws: ``KafkaError`` when the servers' text is empty.
    public convenience init(bootstrapServers: String) throws(KafkaError) {
        try self.init(configuration: KafkaConfiguration(bootstrapServers: bootstrapServers))
    }

    /// Starts a forwarder. No broker needs to be there.
    ///
    /// Idempotence is on and records wait for the broker without a time limit, unless the configuration says otherwise.
    ///
    /// - Throws: ``KafkaError`` when an option is wrong.
    public init(
        configuration: KafkaConfiguration, topic: String = TopicContract.progressTopic,
        lifecycleTopic: LifecycleTopic = .separate(), limits: Limits = Limits(),
        logger: Logger = Logger(label: "streamgauge.metrics-topic")
    ) throws(KafkaError) {
        self.lifecycleTopic = lifecycleTopic
        for weakness in configuration.weaknesses { logger.warning("insecure connection: \(weakness)") }
        let secondTopic: String? =
            switch lifecycleTopic {
            case .separate(let name): name
            case .sameTopic, .off: nil
            }
        forwarder = try MetricsForwarder(
            configuration, progressTopic: topic, lifecycleTopic: secondTopic, limits: limits, logger: logger)
    }

    deinit {
        forwarder.abandon()
    }

    /// Forwards that a query has started.
    public func onQueryStarted(_ event: QueryStartedEvent) { offer(.started(event)) }

    /// Forwards a trigger's numbers.
    public func onQueryProgress(_ event: QueryProgressEvent) { offer(.progress(event)) }

    /// Forwards that a query found no data.
    public func onQueryIdle(_ event: QueryIdleEvent) { offer(.idle(event)) }

    /// Forwards that a query has ended.
    public func onQueryTerminated(_ event: QueryTerminatedEvent) { offer(.terminated(event)) }

    /// Forwards an event, as the listener calls do: constant time, and the oldest event goes when the buffer is full.
    public func offer(_ event: StreamingQueryEvent) {
        if isForwarded(event) { forwarder.offer(event) }
    }

    /// Forwards an event and waits for room in the buffer first: for recorded events, none of which may go missing.
    public func send(_ event: StreamingQueryEvent) async throws(KafkaError) {
        if isForwarded(event) { try await forwarder.send(event) }
    }

    /// What became of the events so far.
    public var statistics: ForwardingStatistics { forwarder.statistics }

    /// Waits until nothing is pending.
    ///
    /// - Returns: Whether that came in time.
    public func flush(timeout: Duration = .seconds(30)) async throws(KafkaError) -> Bool {
        try await DedicatedThread.call(name: "metrics-flush") { [forwarder] () throws(KafkaError) in
            forwarder.waitUntilDelivered(timeout: timeout)
        }
    }

    /// Delivers what can be delivered within the timeout, gives up the rest, and ends the forwarder. Events offered later
    /// are counted as dropped. Closing twice is fine.
    ///
    /// - Returns: The final counts.
    @discardableResult
    public func close(timeout: Duration = .seconds(5)) async -> DeliverySummary {
        do throws(KafkaError) {
            return try await DedicatedThread.call(name: "metrics-close") { [forwarder] () throws(KafkaError) in
                forwarder.close(timeout: timeout)
            }
        } catch {
            // No thread is left to wait on: give up at once and say so in the counts.
            forwarder.abandon()
            return DeliverySummary(statistics: forwarder.statistics)
        }
    }

    /// Ends the forwarder, blocking the thread.
    @available(*, noasync, message: "use close(timeout:)")
    @discardableResult
    public func closeBlocking(timeout: Duration = .seconds(5)) -> DeliverySummary {
        forwarder.close(timeout: timeout)
    }

    private func isForwarded(_ event: StreamingQueryEvent) -> Bool {
        if case .progress = event { true } else { lifecycleTopic != .off }
    }
}
