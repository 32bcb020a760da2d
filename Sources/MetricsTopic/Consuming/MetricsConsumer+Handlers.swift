public import Kafka

/// Records that came together.
public struct MetricsBatch: Sendable {
    /// The records, in the order of each partition; empty when the filter let nothing through.
    public var records: [MetricsRecord]
    /// For each partition of which the batch has something, the offset after it: where reading goes on once all of it is dealt
    /// with. Also of partitions that went away meanwhile: whoever keeps offsets with results must not read these again.
    public var nextOffsets: [TopicPartition: Int64]

    /// Creates a batch.
    public init(records: [MetricsRecord], nextOffsets: [TopicPartition: Int64]) {
        self.records = records
        self.nextOffsets = nextOffsets
    }
}

extension MetricsConsumer {
    /// Reads to the end, handing each record to a closure: at least once, the offset counting only after the closure returned.
    ///
    /// In a group the offsets of what was handled are committed at intervals, before partitions go away, and at the end. A
    /// closure that throws ends the reading: what it threw for is not committed, and comes again.
    ///
    /// - Throws: What the closure threw, or a ``KafkaError``. Cancelling the task ends the reading without an error.
    public func run(handler: @escaping @Sendable (MetricsRecord) async throws -> Void) async throws {
        var iterator = records.makeAsyncIterator()
        do {
            while let record = try await iterator.next(isolation: nil) { try await handler(record) }
        } catch {
            // Waited for, so that the last commit is made; the record in hand is not part of it.
            await iterator.consumer?.close()
            throw error
        }
    }

    /// Reads to the end, handing what is there to a closure in batches: at least once, a batch counting only after the
    /// closure returned.
    ///
    /// - Parameters:
    ///   - maximum: Records and other events of the consumer in a batch at most; what was found out about gaps comes on top.
    ///   - handler: Gets each batch. When it throws, nothing of that batch is committed.
    /// - Throws: What the closure threw, or a ``KafkaError``. Cancelling the task ends the reading without an error.
    public func run(
        batchesOf maximum: Int, handler: @escaping @Sendable (MetricsBatch) async throws -> Void
    ) async throws {
        let consumer = try makeConsumer(batchesOf: maximum)
        do {
            var inspector = RecordInspector(self)
            var batches = consumer.batches(of: maximum).makeAsyncIterator()
            while let events = try await batches.next(isolation: nil) {
                try await handler(MetricsBatch(events, &inspector))
            }
            var last = MetricsBatch(records: [], nextOffsets: [:])
            if !Task.isCancelled { inspector.finish { last.records.append($0) } }
            if !last.records.isEmpty { try await handler(last) }
        } catch {
            await consumer.close()
            throw error
        }
        await consumer.close()
    }
}

extension MetricsBatch {
    init(_ events: [KafkaConsumer.Event], _ inspector: inout RecordInspector) {
        var records: [MetricsRecord] = []
        records.reserveCapacity(events.count)
        var nextOffsets: [TopicPartition: Int64] = [:]
        // Records come in stretches of one partition: its offset is looked up at the end of each. Events are looked at where they
        // lie, which counts fewer references than taking them out.
        var latest: Int?
        func settle() {
            // A partition that went away and came back may have begun again further back.
            if let index = latest, case .record(let record) = events[index] {
                nextOffsets[record.topicPartition] = max(nextOffsets[record.topicPartition] ?? 0, record.offset + 1)
            }
            latest = nil
        }
        for index in events.indices {
            switch events[index] {
            case .record(let record):
                if let last = latest, case .record(let other) = events[last], !record.isOfPartition(of: other) {
                    settle()
                }
                latest = index
            case .gap(let gap):
                settle()
                nextOffsets[gap.partition] = gap.resumesAt
            case .revoked, .lost: settle()
            case .endOfPartition, .assigned, .quiet: break
            }
            inspector.take(events[index]) { records.append($0) }
        }
        settle()
        self.init(records: records, nextOffsets: nextOffsets)
    }
}
