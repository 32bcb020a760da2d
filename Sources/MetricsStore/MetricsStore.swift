import FoundationEssentials
import GRDB
public import Kafka
public import MetricsTopic
import Synchronization

/// Keeps the events of streaming queries in one SQLite file, each exactly once, whatever dies when.
///
/// ```swift
/// let store = try MetricsStore(path: "metrics.db")
/// try await store.run(MetricsConsumer(
///     bootstrapServers: "localhost:9092", topics: [TopicContract.progressTopic, TopicContract.lifecycleTopic],
///     start: .beginning))
/// ```
///
/// A batch of records and the offsets behind it are written in one transaction that is on the disk before it counts
/// (write-ahead log, `synchronous = FULL`), and reading begins at the offsets in the store: so what was read is stored and
/// what is stored is not read again. Copies that delivery at least once left on the topics meet unique keys: query, run, batch,
/// kind and sequence number, or for progress without a number query, run, batch and text. Records that hold no event, and
/// ranges that the broker had no more, are rows too.
///
/// In a group the partitions come from the group and the positions from the store, so members must write to one file. Two
/// processes may: records that one has stored the other passes over.
public final class MetricsStore: Sendable {
    /// What a batch, or a store, holds.
    public struct Counts: Sendable, Hashable {
        /// Events.
        public var events = 0
        /// Copies that were read and not stored again; 0 for a store.
        public var duplicates = 0
        /// Records that hold no event.
        public var unreadable = 0
        /// Ranges of records that were not there any more when they were to be read.
        public var lostRanges = 0

        /// Counts nothing.
        public init() {}

        /// Adds other counts.
        public mutating func add(_ other: Counts) {
            events += other.events
            duplicates += other.duplicates
            unreadable += other.unreadable
            lostRanges += other.lostRanges
        }
    }

    /// The file.
    public let path: String
    private let queue: DatabaseQueue

    /// Opens a store, or makes one where there is no file.
    ///
    /// - Throws: ``MetricsStoreError`` when the file cannot be opened, is something else, is broken, or was made by a later
    ///   version. Such a file is left as it is.
    public init(path: String) throws(MetricsStoreError) {
        self.path = path
        // SQLite takes these for a database in memory, or of no name, that is gone with the process.
        guard !path.isEmpty, path != ":memory:", !path.hasPrefix("file:") else {
            throw MetricsStoreError(
                code: .cannotOpen,
                message: "cannot open the store \"\(path)\": that is no file's path; name a file, such as metrics.db")
        }
        do {
            var configuration = Configuration()
            configuration.label = "streamgauge.store"
            configuration.busyMode = .timeout(10)
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.writeWithoutTransaction { try StoreSchema.prepare($0, path: path) }
        } catch {
            throw MetricsStoreError(error, "open", path: path)
        }
    }

    /// Ends the use of the file. Calls after it fail.
    public func close() throws(MetricsStoreError) {
        try attempt("close") { try queue.close() }
    }

    // MARK: Writing

    /// Reads topics into the store until they end, or until the task is cancelled.
    ///
    /// - Parameters:
    ///   - consumer: What to read. Its positions are the store's; its own start counts only in partitions of which the store
    ///     has nothing.
    ///   - maximum: Records in a transaction at most.
    ///   - beforeStoring: Gets each batch before it is stored, for what must have happened when it is not read again, such
    ///     as dead letters: at least once. When it throws, the batch is not stored.
    /// - Returns: What was new.
    /// - Throws: ``MetricsStoreError``, or a `KafkaError`, or what `beforeStoring` threw.
    @discardableResult
    public func run(
        _ consumer: MetricsConsumer, batchesOf maximum: Int = 1000,
        beforeStoring: @escaping @Sendable (MetricsBatch) async throws -> Void = { _ in }
    ) async throws -> Counts {
        var consumer = consumer
        consumer.startingAt = startingPositions
        let total = Mutex(Counts())
        try await consumer.run(batchesOf: maximum) { [self] batch in
            try await beforeStoring(batch)
            let counts = try await append(batch)
            total.withLock { $0.add(counts) }
        }
        return total.withLock { $0 }
    }

    /// Stores a batch and the offsets behind it, all or nothing.
    ///
    /// - Returns: What was new.
    @discardableResult
    public func append(_ batch: MetricsBatch) async throws(MetricsStoreError) -> Counts {
        if batch.nextOffsets.isEmpty { return Counts() }
        // Not the variant that a cancelled task breaks off: what was read to the end is stored to the end.
        let result: Result<Counts, any Error> = await withCheckedContinuation { continuation in
            queue.asyncWrite { database in
                var writer = try StoreWriter(database, batch)
                try writer.write(batch)
                return writer.counts
            } completion: { _, result in
                continuation.resume(returning: result)
            }
        }
        return try attempt("write to") { try result.get() }
    }

    /// The store's positions, for a consumer of one's own.
    public var startingPositions: KafkaConsumer.StartingPositions {
        { [self] partitions throws(KafkaError) in
            do throws(MetricsStoreError) {
                let offsets = try offsets()
                return offsets.filter { partitions.contains($0.key) }.mapValues { .offset($0) }
            } catch {
                throw KafkaError(
                    code: .client, message: "cannot begin to read where the store ends: \(error.message)")
            }
        }
    }

    func attempt<T>(_ attempt: String, _ work: () throws -> T) throws(MetricsStoreError) -> T {
        do {
            return try work()
        } catch {
            throw MetricsStoreError(error, attempt, path: path)
        }
    }

    func read<T>(_ query: (Database) throws -> T) throws(MetricsStoreError) -> T {
        try attempt("read") { try queue.read(query) }
    }
}
