public import Kafka
public import Logging
public import StreamingMetrics

/// A listener that forwards the events of streaming queries to Kafka.
///
/// ```swift
/// let kafkaMetrics = try KafkaMetrics(bootstrapServers: "localhost:9092", spoolDirectory: "checkpoints/gt-metrics")
/// spark.streams.addListener(kafkaMetrics)
/// …
/// print(await kafkaMetrics.stop(deadline: .now + .seconds(5)))
/// ```
///
/// A listener call only puts the event into a bounded ring, in constant time: it never waits, never throws and never depends on
/// a broker or a disk. Threads of the forwarder's own write the records that ``TopicContract`` describes, append them to the
/// spool, hand them to librdkafka, and delete them when they are acknowledged. What an earlier process left in the spool is
/// sent first. A client that has failed for good is replaced, and what it had not delivered is sent again in order. So
/// delivery is at least once, and the header `sequence` lets a reader prove that nothing is missing.
///
/// Without a spool, events that are not delivered when the process ends are gone, however it ends.
///
/// Whatever is full gives events up by ``FullPolicy``; every event given up is counted, by reason, in ``statistics``, logged
/// once a minute, and told to the alarm handler.
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

    /// Which events are given up when ring, memory or spool are full.
    public enum FullPolicy: Sendable, Hashable {
        /// The oldest: what happens now is known. Of a spool, a file of them at once.
        case dropOldest
        /// The newest: what led to the trouble stays known.
        case dropNewest
    }

    /// Bounds of the forwarder.
    public struct Limits: Sendable, Hashable {
        /// Events in the ring between the listener and the writer at most.
        public var bufferedEvents: Int
        /// Bytes of events in memory at most that have no spool, or that its disk does not take; with a healthy spool, of what
        /// is kept beside it for the sender.
        public var memoryBytes: Int
        /// Events handed to librdkafka and not acknowledged at most.
        public var eventsInFlight: Int
        /// After how long without any acknowledgement the topic is looked at, to say what is wrong.
        public var stallAfter: Duration

        /// Creates limits.
        public init(
            bufferedEvents: Int = 10_000, memoryBytes: Int = 8 << 20, eventsInFlight: Int = 10_000,
            stallAfter: Duration = .seconds(3)
        ) {
            self.bufferedEvents = max(1, bufferedEvents)
            self.memoryBytes = max(4096, memoryBytes)
            self.eventsInFlight = max(1, eventsInFlight)
            self.stallAfter = stallAfter
        }
    }

    private let forwarder: MetricsForwarder
    private let lifecycleTopic: LifecycleTopic
    private let logger: Logger

    /// Starts a forwarder with the usual topics. No broker needs to be there.
    ///
    /// - Parameters:
    ///   - bootstrapServers: The brokers to ask first, as `host:port` with commas between them.
    ///   - spoolDirectory: The folder of the spool; nil keeps events in memory only.
    /// - Throws: ``KafkaError`` when the servers' text is empty, ``SpoolError`` when the folder cannot be used.
    public convenience init(bootstrapServers: String, spoolDirectory: String? = nil) throws {
        try self.init(
            configuration: KafkaConfiguration(bootstrapServers: bootstrapServers),
            spool: spoolDirectory.map { SpoolOptions(directory: $0) })
    }

    /// Starts a forwarder. No broker needs to be there.
    ///
    /// Idempotence is on and records wait for the broker without a time limit, unless the configuration says otherwise.
    ///
    /// - Parameters:
    ///   - configuration: The brokers and options.
    ///   - topic: Where progress goes.
    ///   - lifecycleTopic: Where the other events go.
    ///   - spool: Where events are kept until they are acknowledged; nil keeps them in memory only.
    ///   - limits: Bounds.
    ///   - onFull: What is given up when they are reached.
    ///   - logger: Gets what whoever runs this should know.
    ///   - onAlarm: Gets the same as values, on threads of the forwarder's and of its clients, several at once. It must return
    ///     soon, since nothing is sent or spooled meanwhile; it may read ``statistics`` and offer events, but not call
    ///     ``stop(deadline:)``, ``stopBlocking(deadline:)``, ``flush(timeout:)`` or ``reconfigure(_:)`` and wait for them.
    /// - Throws: ``KafkaError`` when an option is wrong, ``SpoolError`` when the spool's folder cannot be used.
    public init(
        configuration: KafkaConfiguration, topic: String = TopicContract.progressTopic,
        lifecycleTopic: LifecycleTopic = .separate(), spool: SpoolOptions? = nil, limits: Limits = Limits(),
        onFull: FullPolicy = .dropOldest, logger: Logger = Logger(label: "streamgauge.metrics-topic"),
        onAlarm: @escaping @Sendable (ForwardingAlarm) -> Void = { _ in }
    ) throws {
        self.lifecycleTopic = lifecycleTopic
        self.logger = logger
        Self.warn(of: configuration, logger)
        let secondTopic: String? =
            switch lifecycleTopic {
            case .separate(let name): name
            case .sameTopic, .off: nil
            }
        forwarder = try MetricsForwarder(
            DeliveryPipeline.Parts(
                configuration: configuration, progressTopic: topic, lifecycleTopic: secondTopic, limits: limits,
                policy: onFull, spool: spool, logger: logger, onAlarm: onAlarm))
    }

    deinit {
        forwarder.abandon()
    }

    /// Forwards that a query has started.
    public func onQueryStarted(_ event: QueryStartedEvent) {
        guard lifecycleTopic != .off else { return }
        forwarder.offer(run: event.runId, isLast: false) { .started(event) }
    }

    /// Forwards a trigger's numbers.
    public func onQueryProgress(_ event: QueryProgressEvent) {
        forwarder.offer(run: event.progress.runId, isLast: false) { .progress(event) }
    }

    /// Forwards that a query found no data.
    public func onQueryIdle(_ event: QueryIdleEvent) {
        guard lifecycleTopic != .off else { return }
        forwarder.offer(run: event.runId, isLast: false) { .idle(event) }
    }

    /// Forwards that a query has ended.
    public func onQueryTerminated(_ event: QueryTerminatedEvent) {
        guard lifecycleTopic != .off else { return forwarder.forget(run: event.runId) }
        forwarder.offer(run: event.runId, isLast: true) { .terminated(event) }
    }

    /// Forwards an event, as the listener calls do: constant time, and never waiting.
    public func offer(_ event: StreamingQueryEvent) {
        switch event {
        case .started(let event): onQueryStarted(event)
        case .progress(let event): onQueryProgress(event)
        case .idle(let event): onQueryIdle(event)
        case .terminated(let event): onQueryTerminated(event)
        }
    }

    /// Forwards an event and waits for room first: for recorded events, none of which may go missing.
    public func send(_ event: StreamingQueryEvent) async throws(KafkaError) {
        guard isForwarded(event) else { return offer(event) }
        try await forwarder.send(event)
    }

    /// What it holds in memory at present.
    var load: DeliveryLoad { forwarder.load }

    /// What became of the events so far; exact at any moment.
    public var statistics: ForwardingStatistics { forwarder.statistics }

    /// Whether it was stopped, and its deadline is over: nothing is sent any more.
    public var isStopped: Bool { forwarder.isStopped }

    /// Goes on with other settings, such as a new password: a client is made with them, and then takes the old one's place and
    /// gets everything that is not acknowledged, in the old order. A login that the broker refuses later is told like an outage,
    /// and mended by another call. May be called on any thread, and does not wait for a broker.
    ///
    /// - Throws: ``KafkaError`` when no client can be made with the settings, or the forwarder was stopped. The old client
    ///   goes on then, as if nothing had been asked.
    public func reconfigure(_ configuration: KafkaConfiguration) throws(KafkaError) {
        try forwarder.reconfigure(configuration)
        Self.warn(of: configuration, logger)
    }

    private static func warn(of configuration: KafkaConfiguration, _ logger: Logger) {
        for weakness in configuration.weaknesses { logger.warning("insecure connection: \(weakness)") }
    }

    /// Waits until every event is acknowledged or given up, or the forwarder is stopped.
    ///
    /// - Returns: Whether nothing is pending.
    public func flush(timeout: Duration = .seconds(30)) async throws(KafkaError) -> Bool {
        try await DedicatedThread.call(name: "metrics-flush") { [forwarder] () throws(KafkaError) in
            forwarder.waitUntilDelivered(timeout: timeout)
        }
    }

    /// Takes no more events, delivers what can be delivered until the deadline, leaves the rest in the spool, and ends the
    /// forwarder. Without a spool the rest is given up. Events offered later are counted as dropped. Stopping twice is fine.
    ///
    /// - Parameter deadline: Until when events are delivered; ending takes at most a second more.
    /// - Returns: The final counts.
    @discardableResult
    public func stop(deadline: ContinuousClock.Instant = .now + .seconds(5)) async -> DeliverySummary {
        do throws(KafkaError) {
            return try await DedicatedThread.call(name: "metrics-stop") { [forwarder] () throws(KafkaError) in
                forwarder.stop(deadline: deadline)
            }
        } catch {
            // No thread is left to wait on: it ends by itself.
            forwarder.abandon()
            return DeliverySummary(statistics: forwarder.statistics)
        }
    }

    /// Ends the forwarder, blocking the thread.
    @available(*, noasync, message: "use stop(deadline:)")
    @discardableResult
    public func stopBlocking(deadline: ContinuousClock.Instant = .now + .seconds(5)) -> DeliverySummary {
        forwarder.stop(deadline: deadline)
    }

    private func isForwarded(_ event: StreamingQueryEvent) -> Bool {
        if case .progress = event { true } else { lifecycleTopic != .off }
    }
}
