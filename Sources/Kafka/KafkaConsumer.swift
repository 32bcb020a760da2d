/// Reads records from Kafka, as a member of a group or alone.
///
/// ```swift
/// let consumer = try KafkaConsumer(
///     KafkaConfiguration(bootstrapServers: "localhost:9092"),
///     subscription: .group("dashboards", topics: ["streaming-metrics"]))
/// for try await record in consumer.records { … }
/// await consumer.close()
/// ```
///
/// A thread of the consumer's own polls into a bounded buffer and stops polling while it is full, so a slow reader holds
/// back the broker and not the memory. A broker that goes away is told to `onError` and ends nothing: reading goes on when
/// it is back. The stream ends with ``close(timeout:)``, at the logs' ends when asked so, by cancelling the reader's task,
/// and with an error only when the client has failed for good.
///
/// Reading is at least once: a record counts as processed when the reader asks for the next one, and only what is processed
/// is committed automatically. One reader at a time; a second one gets an error.
public final class KafkaConsumer: Sendable {
    /// Where to begin in a partition's log.
    public enum StartPosition: Sendable, Hashable {
        /// The oldest record there is.
        case beginning
        /// The next record to come.
        case end
        /// This offset.
        case offset(Int64)
        /// The first record of this time or later, in milliseconds since 1970.
        case timestamp(Int64)
    }

    /// How the members of a group share out partitions.
    public enum AssignmentStrategy: String, Sendable, Hashable, CaseIterable {
        /// Only the partitions that change hands are given back; everybody goes on reading the others. All members of a
        /// group must have it.
        case cooperativeSticky = "cooperative-sticky"
        /// The partitions of each topic in stretches; the same numbers of several topics come to one member.
        case range
        /// One partition after the other in turn.
        case roundRobin = "roundrobin"
    }

    /// What to read, and with whom.
    public enum Subscription: Sendable, Hashable {
        /// As a member of a group, which shares out the partitions and remembers offsets. A topic that begins with `^` is a
        /// regular expression. A partition for which nothing is committed is begun where `starts` says, and the others
        /// at `reset`; one that is added while reading, at its beginning.
        case group(
            String, topics: [String], reset: StartPosition = .end, starts: [TopicPartition: StartPosition] = [:])
        /// All partitions of these topics, alone. A topic that is missing is waited for; partitions that are added later
        /// are found within a minute and read from their beginning.
        case topics([String], from: StartPosition)
        /// These partitions, alone.
        case partitions([TopicPartition: StartPosition])
    }

    /// How a group's offsets are committed.
    public enum Commits: Sendable, Hashable {
        /// What is processed, at this interval, before partitions go away and at the end.
        case automatic(every: Duration = .seconds(5))
        /// Only by calling ``KafkaConsumer/commit()``.
        case manual
    }

    /// How to read.
    public struct Options: Sendable, Hashable {
        /// Records in the buffer at most.
        public var maximumBufferedRecords: Int
        /// Bytes of records in the buffer; what one poll brings may exceed it once.
        public var maximumBufferedBytes: Int
        /// How a group's offsets are committed.
        public var commits: Commits
        /// Whether the stream ends when every partition has been read up to the end it had at the start.
        public var stopsAtEnd: Bool
        /// How the group's partitions are shared out.
        public var assignment: AssignmentStrategy
        /// The member's own name in its group, which makes it a static one: when it is back within the session timeout, it has
        /// its partitions again without a rebalance. No two members may have the same. It does not say when it leaves.
        public var instanceId: String?
        /// After how long without a sign of life the group takes a member for dead; nil leaves librdkafka's 45 s.
        public var sessionTimeout: Duration?
        /// After how long without any event a waiting reader gets ``Event/quiet``; nil never gives it.
        public var quietInterval: Duration?

        /// Creates options.
        public init(
            maximumBufferedRecords: Int = 2048, maximumBufferedBytes: Int = 32 << 20,
            commits: Commits = .automatic(), stopsAtEnd: Bool = false,
            assignment: AssignmentStrategy = .cooperativeSticky, instanceId: String? = nil,
            sessionTimeout: Duration? = nil, quietInterval: Duration? = nil
        ) {
            self.assignment = assignment
            self.instanceId = instanceId
            self.sessionTimeout = sessionTimeout
            self.quietInterval = quietInterval
            self.maximumBufferedRecords = maximumBufferedRecords
            self.maximumBufferedBytes = maximumBufferedBytes
            self.commits = commits
            self.stopsAtEnd = stopsAtEnd
        }
    }

    /// What a consumer reads.
    public enum Event: Sendable, Hashable {
        /// A record.
        case record(ConsumerRecord)
        /// A partition's log has been read to its present end; the offset is the next record's.
        case endOfPartition(TopicPartition, offset: Int64)
        /// These partitions are read from now on, in addition to those read already.
        case assigned([TopicPartition])
        /// These partitions are read no more: the group has given them to others. What was processed of them is committed.
        case revoked([TopicPartition])
        /// These partitions are read no more, and others may have begun with them already: the group took this member for
        /// dead. What was not committed will be read again there.
        case lost([TopicPartition])
        /// Records that were to be read are not there any more; reading goes on behind them.
        case gap(LogGap)
        /// Nothing came for ``Options/quietInterval``.
        case quiet
    }

    /// Gives positions for some of the partitions that a consumer begins to read.
    public typealias StartingPositions =
        @Sendable ([TopicPartition]) throws(KafkaError) -> [TopicPartition:
        StartPosition]

    let core: Core

    /// Starts a consumer. No broker needs to be there.
    ///
    /// - Parameters:
    ///   - configuration: The brokers and options.
    ///   - subscription: What to read, and with whom.
    ///   - options: How to read.
    ///   - startingAt: Asked on the poll thread when partitions are given to this consumer; the positions it gives win over
    ///     everything else, commits of the group too. For readers that keep their offsets with their results. An error
    ///     ends the stream, since any other position would be wrong.
    ///   - onLag: Gets ``lag`` about once a second, on the poll thread; it must return soon.
    ///   - onError: Gets errors that do not end the stream, on the poll thread; only why a broker's certificate was refused comes
    ///     on a thread of librdkafka. It must return soon, since nothing is read meanwhile, and not call the consumer. The
    ///     same error again and again is told each time that librdkafka tells it.
    ///   - onLog: Gets librdkafka's log lines, on any thread; it must return soon, and not call the consumer.
    /// - Throws: ``KafkaError`` when an option or a topic's name is wrong.
    public init(
        _ configuration: KafkaConfiguration, subscription: Subscription, options: Options = Options(),
        startingAt: StartingPositions? = nil, onLag: (@Sendable ([TopicPartition: Int64]) -> Void)? = nil,
        onError: @escaping @Sendable (KafkaError) -> Void = { _ in },
        onLog: @escaping @Sendable (KafkaLogEntry) -> Void = { _ in }
    ) throws(KafkaError) {
        core = try Core(
            configuration, subscription, options, startingAt: startingAt, onLag: onLag, onError: onError, onLog: onLog)
        do throws(KafkaError) {
            try DedicatedThread.start(name: "kafka-consumer") { [core] in core.run() }
        } catch {
            core.handle.destroy()
            throw error
        }
    }

    deinit {
        core.requestClose()
    }

    /// The records, and with them the moments at which a partition's end is reached.
    public var events: Events { Events(consumer: self) }

    /// The events in batches of at most so many, without a lock for each.
    public func batches(of maximum: Int = 1000) -> Batches { Batches(consumer: self, maximum: max(1, maximum)) }

    /// The records.
    public var records: Records { Records(events: events) }

    /// The partitions read at present; empty until the group has shared them out.
    public var assignment: Set<TopicPartition> { core.state.withLock { $0.assignment } }

    /// Offset of the next record that the reader gets from a partition; nil before its first record.
    public func position(of partition: TopicPartition) -> Int64? {
        core.state.withLock { $0.position(of: partition) }
    }

    /// How many records lie between what the reader has got and the end of each partition's log, as far as the last answers of
    /// the brokers tell. A partition of which nothing came yet is left out.
    public var lag: [TopicPartition: Int64] { core.lag() }

    /// Ends the consumer: commits what is processed if commits are automatic, leaves the group, ends the stream.
    ///
    /// - Returns: Whether it ended in time; if not, it goes on ending by itself.
    @discardableResult
    public func close(timeout: Duration = .seconds(10)) async -> Bool {
        do throws(KafkaError) {
            return try await DedicatedThread.call(name: "kafka-close") { [core] () throws(KafkaError) in
                core.close(timeout: timeout)
            }
        } catch {
            // No thread is left to wait on: it ends by itself.
            core.requestClose()
            return false
        }
    }

    /// Ends the consumer, blocking the thread.
    @available(*, noasync, message: "use close(timeout:)")
    @discardableResult
    public func closeBlocking(timeout: Duration = .seconds(10)) -> Bool {
        core.close(timeout: timeout)
    }
}
