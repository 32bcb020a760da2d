public import Kafka
public import LiveMonitoring
public import MetricsTopic
import Monitoring
import StreamingMetrics

/// The metrics topics as a feed: events of queries anywhere, of any Spark's as well.
///
/// ```swift
/// let hub = MonitoringHub()
/// await hub.run([TopicFeed(configuration: KafkaConfiguration(bootstrapServers: "localhost:9092"))])
/// ```
///
/// Records that were there before are taken at the times that they carry, and then, when reading has come near the topics' ends, events
/// are taken at the times at which they come. Brokers that are away end nothing; a client that fails for good is replaced, after 1 s at
/// first and 30 s at most, and reading goes on where it was. What ends the feed is a wrong option.
public struct TopicFeed: MonitoringFeed {
    /// What the feed's health is told under.
    public let name: String
    /// The brokers and librdkafka's options.
    public var configuration: KafkaConfiguration
    /// The topics to read.
    public var topics: [String]
    /// Where to begin.
    public var start: MetricsConsumer.Start
    /// Gets errors that end nothing; it must return soon.
    public var onError: @Sendable (KafkaError) -> Void = { _ in }
    /// Called when the brokers are there again after they were away.
    public var onContact: @Sendable () -> Void = {}
    /// Gets a line for each record that holds no event, for events that are missing, and for records that the broker has lost.
    public var onFault: @Sendable (String) -> Void = { _ in }
    /// Gets librdkafka's log lines, on any thread.
    public var onLog: @Sendable (KafkaLogEntry) -> Void = { _ in }

    /// Describes what to read.
    ///
    /// - Parameters:
    ///   - configuration: The brokers and librdkafka's options.
    ///   - topics: The topics; both of the contract by default.
    ///   - start: Where to begin.
    ///   - name: What the feed's health is told under.
    public init(
        configuration: KafkaConfiguration,
        topics: [String] = [TopicContract.progressTopic, TopicContract.lifecycleTopic],
        start: MetricsConsumer.Start = .end, name: String = "kafka"
    ) {
        self.configuration = configuration
        self.topics = topics
        self.start = start
        self.name = name
    }

    /// Reads until the task is cancelled.
    ///
    /// - Throws: ``Kafka/KafkaError`` for a wrong option.
    public func run(into hub: MonitoringHub) async throws {
        let reading = TopicReading(feed: name, hub: hub, onContact: onContact)
        var wait = Duration.seconds(1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watchContact(reading) }
            defer { group.cancelAll() }
            while !Task.isCancelled {
                let before = reading.recordCount
                do {
                    try await read(reading, from: reading.resumes(start))
                } catch let error as KafkaError {
                    guard error.code != .invalidConfiguration, error.code != .invalidArgument else { throw error }
                    reading.note(error)
                    onError(error)
                }
                if Task.isCancelled { break }
                if reading.recordCount > before { wait = .seconds(1) }
                try await Task.sleep(for: wait)
                wait = min(wait * 2, .seconds(30))
            }
        }
    }

    /// The client reads on while what it has read waits, up to this: by its own default 64 MB, which it would reach whenever old
    /// events are read, and the process would keep.
    private static let readAhead = (name: "queued.max.messages.kbytes", kilobytes: "8192")

    /// What the client that reads is given.
    var readConfiguration: KafkaConfiguration {
        var configuration = configuration
        if !configuration.sets(Self.readAhead.name) {
            configuration.properties[Self.readAhead.name] = Self.readAhead.kilobytes
        }
        return configuration
    }

    private func read(_ reading: TopicReading, from start: MetricsConsumer.Start) async throws {
        var consumer = MetricsConsumer(
            configuration: readConfiguration, topics: topics, start: start,
            onError: { [onError] error in
                reading.note(error)
                onError(error)
            })
        consumer.onLag = { reading.note(lag: $0) }
        consumer.onLog = onLog
        try await consumer.run(batchesOf: 500) { [onFault] batch in
            reading.take(batch, onFault)
            // What comes live waits for nobody.
            if !reading.isLive { await reading.hub.makeRoom() }
        }
    }

    /// Asks the cluster now and then while nothing is heard of it, since idle topics tell neither that it is there nor that it is
    /// back.
    private func watchContact(_ reading: TopicReading) async {
        while !Task.isCancelled {
            do {
                if reading.needsContact {
                    // A client of its own for each look: it takes no part in what the reader does.
                    _ = try await KafkaAdmin(configuration).metadata(timeout: .seconds(2))
                    reading.noteContact()
                }
                try await Task.sleep(for: .seconds(reading.needsContact ? 1 : 5))
            } catch is CancellationError {
                return
            } catch {
                if let error = error as? KafkaError { reading.note(error, from: .contact) }
                if (try? await Task.sleep(for: .seconds(2))) == nil { return }
            }
        }
    }
}
