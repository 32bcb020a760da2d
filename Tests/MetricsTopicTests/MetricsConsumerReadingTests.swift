import FoundationEssentials
import Kafka
import KafkaTesting
import StreamingMetrics
import Synchronization
import Testing

@testable import MetricsTopic

/// Copies, gaps, handlers, positions.
@Suite struct MetricsConsumerReadingTests {
    let cluster: MockCluster
    private let id = UUID()
    private let runId = UUID()
    private let both = [TopicContract.progressTopic, TopicContract.lifecycleTopic]

    init() throws {
        cluster = try MockCluster()
        for topic in both { try cluster.createTopic(topic) }
    }

    private func produce(_ records: [ProducerRecord]) async throws {
        let producer = try KafkaProducer(cluster.configuration)
        for record in records { _ = try await producer.deliver(record) }
        await producer.close()
    }

    private func headers(_ sequence: UInt64) -> [RecordHeader] {
        [RecordHeader(name: TopicContract.Header.sequence, text: String(sequence))]
    }

    /// Batch n is event n + 1 of the run.
    private func progress(_ batch: Int64) -> ProducerRecord {
        let event = QueryProgressEvent.sample(id: id, runId: runId, batchId: batch)
        return ProducerRecord(
            topic: TopicContract.progressTopic, value: event.progress.json, headers: headers(UInt64(batch) + 1))
    }

    private func started() -> ProducerRecord {
        let event = QueryStartedEvent(id: id, runId: runId, name: "q", timestamp: nil)
        return ProducerRecord(topic: TopicContract.lifecycleTopic, value: event.json, headers: headers(0))
    }

    private func consumer(topics: [String]? = nil) -> MetricsConsumer {
        MetricsConsumer(
            bootstrapServers: cluster.bootstrapServers, topics: topics ?? [TopicContract.progressTopic],
            start: .beginning, stopsAtEnd: true)
    }

    private func read(_ consumer: MetricsConsumer) async throws -> [MetricsRecord] {
        var records: [MetricsRecord] = []
        for try await record in consumer.records { records.append(record) }
        return records
    }

    @Test func `a copy is a value of its own, and who reads progress sees each event once`() async throws {
        try await produce([progress(0), progress(1), progress(0), progress(1), progress(2)])
        let records = try await read(consumer())
        #expect(records.compactMap(\.event?.batchId) == [0, 1, 2])
        let copies = records.compactMap { record -> Int64? in
            if case .duplicate(let event, let metadata) = record {
                event.batchId == 0 ? metadata.offset : -1
            } else {
                nil
            }
        }
        #expect(copies == [2, -1])
        var seen: [Int64?] = []
        for try await progress in consumer().progress { seen.append(progress.batchId) }
        #expect(seen == [0, 1, 2])
        var all = consumer()
        all.deduplicates = false
        #expect(try await read(all).compactMap(\.event).count == 5)
    }

    @Test func `missing events are told where it can be proved`() async throws {
        try await produce([progress(0), progress(3), started(), progress(4)])
        let gap = MetricsRecord.gap(SequenceGap(queryId: id, runId: runId, missing: 2...3))
        let records = try await read(consumer(topics: both))
        #expect(records.count == 5)
        #expect(records.last == gap)
        // One topic alone is full of holes that are no losses.
        #expect(try await read(consumer()).count == 3)
        var told = consumer()
        told.gaps = .always
        let first = MetricsRecord.gap(SequenceGap(queryId: id, runId: runId, missing: 0...0))
        #expect(try await read(told).suffix(2) == [first, gap])
        told.topics = both
        told.gaps = .never
        #expect(try await read(told).count == 4)
    }

    @Test func `a gap is told while reading goes on, once the grace is over`() async throws {
        try await produce([started(), progress(0), progress(2)])
        var consumer = consumer(topics: both)
        consumer.stopsAtEnd = false
        consumer.gapGrace = .milliseconds(1)
        var iterator = consumer.records.makeAsyncIterator()
        var records: [MetricsRecord] = []
        while records.count < 4, let record = try await iterator.next() { records.append(record) }
        #expect(records.last == .gap(SequenceGap(queryId: id, runId: runId, missing: 2...2)))
    }

    @Test func `what a handler threw for comes again, and what it has done does not`() async throws {
        struct Stop: Error {}
        try await produce((0..<6).map { progress($0) })
        var consumer = consumer()
        consumer.group = "handlers"
        consumer.sessionTimeout = .seconds(6)
        let handled = Mutex<[Int64?]>([])
        await #expect(throws: Stop.self) {
            try await consumer.run { record in
                if record.progress?.batchId == 3 { throw Stop() }
                handled.withLock { $0.append(record.progress?.batchId) }
            }
        }
        #expect(handled.withLock { $0 } == [0, 1, 2])
        await #expect(throws: Stop.self) {
            // A batch is done as a whole or not at all.
            try await consumer.run(batchesOf: 100) { batch in
                if batch.records.isEmpty { return }
                handled.withLock { $0 += batch.records.map(\.progress?.batchId) }
                throw Stop()
            }
        }
        let firstBatch = handled.withLock { $0 }.dropFirst(3)
        #expect(firstBatch.first == 3)
        try await consumer.run { record in handled.withLock { $0.append(record.progress?.batchId) } }
        #expect(handled.withLock { $0 }.suffix(3) == [3, 4, 5])
    }

    @Test func `what was handled before the task was cancelled does not come again`() async throws {
        try await produce((0..<4).map { progress($0) })
        var consumer = consumer()
        consumer.group = "cancelled"
        consumer.sessionTimeout = .seconds(6)
        var follower = consumer
        follower.stopsAtEnd = false
        // Awaited, not blocked on: the reader needs the threads of the pool.
        let (handled, note) = AsyncStream<Int>.makeStream()
        let reading = Task { [follower] in
            try await follower.run(batchesOf: 100) { note.yield($0.records.count) }
        }
        var count = 0
        for await more in handled {
            count += more
            if count == 4 { break }
        }
        reading.cancel()
        try await reading.value
        #expect(try await read(consumer).isEmpty)
    }

    @Test func `a batch says where reading goes on after it`() async throws {
        try await produce([progress(0), started(), progress(1)])
        let offsets = Mutex<[TopicPartition: Int64]>([:])
        try await consumer(topics: both).run(batchesOf: 2) { batch in
            offsets.withLock { $0.merge(batch.nextOffsets) { max($0, $1) } }
        }
        let places = both.map { TopicPartition(topic: $0, partition: 0) }
        #expect(offsets.withLock { $0 } == [places[0]: 2, places[1]: 1])
        var later = consumer(topics: both)
        later.start = .offsets([places[0]: 1])
        #expect(
            try await read(later).compactMap(\.event?.kind).sorted { $0.rawValue < $1.rawValue } == [
                .progress, .started,
            ])
    }

    @Test
    func
        `a batch keeps the offsets of partitions that went away in its midst, also when they began again further back`()
    {
        let place = TopicPartition(topic: "t", partition: 0)
        func record(_ offset: Int64) -> KafkaConsumer.Event {
            .record(ConsumerRecord(topic: place.topic, partition: 0, offset: offset, value: Array("{}".utf8)))
        }
        var inspector = RecordInspector(MetricsConsumer(bootstrapServers: "nowhere:1"))
        let revoked = MetricsBatch([record(5), record(6), .revoked([place])], &inspector)
        #expect(revoked.nextOffsets == [place: 7])
        let again = MetricsBatch([record(5), record(6), .lost([place]), .assigned([place]), record(5)], &inspector)
        #expect(again.nextOffsets == [place: 7] && again.records.count == 3)
        let recreated = LogGap(partition: place, cause: .recreated, position: 7, resumesAt: 0)
        #expect(MetricsBatch([record(6), .gap(recreated), record(0)], &inspector).nextOffsets == [place: 1])
    }

    @Test func `the lag is told, and becomes a gauge for each partition`() async throws {
        try await produce((0..<5).map { progress($0) })
        let (lags, note) = AsyncStream<[TopicPartition: Int64]>.makeStream()
        var consumer = consumer()
        consumer.stopsAtEnd = false
        consumer.onLag = { note.yield($0) }
        var iterator = consumer.records.makeAsyncIterator()
        _ = try await iterator.next()
        _ = try await iterator.next()
        let place = TopicPartition(topic: TopicContract.progressTopic, partition: 0)
        for await lag in lags where lag == [place: 3] { break }
        withExtendedLifetime(iterator) {}

        let metrics = RecordingMetrics()
        let gauges = LagGauges(group: "g", factory: metrics)
        let other = TopicPartition(topic: "t", partition: 7)
        gauges.record([place: 3, other: 4])
        #expect(metrics.values["streamgauge_consumer_lag_records topic=t partition=7 group=g"] == 4)
        #expect(metrics.values["streamgauge_consumer_lag_records_sum group=g"] == 7)
        gauges.record([place: 0])
        #expect(metrics.values["streamgauge_consumer_lag_records topic=t partition=7 group=g"] == nil)
        #expect(metrics.values["streamgauge_consumer_lag_records_sum group=g"] == 0)
    }

    @Test func `an event that was shortened says how long it was`() throws {
        var record = progress(1)
        record.headers.append(RecordHeader(name: TopicContract.Header.shortened, text: "2097152"))
        let read = MetricsRecord(
            ConsumerRecord(topic: "t", partition: 0, offset: 0, value: record.value, headers: record.headers))
        guard case .event(_, let metadata) = read else {
            Issue.record("\(read)")
            return
        }
        #expect(metadata.shortenedFromBytes == 2_097_152)
        #expect(metadata.sequence == 2)
    }

    /// JSON made to break a reader; the text is no argument of the test, for it would be printed.
    enum Bomb: String, CaseIterable {
        case depth, objects, members, string, digits, badUTF8, nul, empty

        var bytes: [UInt8] {
            switch self {
            case .depth: Array(repeating: UInt8(ascii: "["), count: 100_000)
            case .objects: Array(String(repeating: "{\"a\":", count: 100_000).utf8)
            case .members:
                Array("{".utf8) + Array(String(repeating: "\"k\":1,", count: 1_000_000).utf8) + Array("}".utf8)
            case .string: Array("{\"name\":\"".utf8) + Array(repeating: UInt8(ascii: "x"), count: 64 << 20)
            case .digits: Array("{\"batchId\":".utf8) + Array(repeating: UInt8(ascii: "9"), count: 1_000_000)
            case .badUTF8: Array("{\"id\":\"".utf8) + [0xC0, 0x80, 0xED, 0xA0, 0x80] + Array("\"}".utf8)
            case .nul: Array("{\"id\":\"\0\"}".utf8)
            case .empty: []
            }
        }
    }

    @Test(arguments: Bomb.allCases)
    func `F26: JSON made to break the reader is a record that holds no event`(bomb: Bomb) {
        let read = MetricsRecord(ConsumerRecord(topic: "t", partition: 0, offset: 9, value: bomb.bytes))
        guard case .unreadable(let unreadable) = read else {
            Issue.record("it was read as an event")
            return
        }
        #expect(unreadable.offset == 9)
        #expect(!unreadable.reason.isEmpty)
        // The reason says what is wrong and does not repeat the record.
        #expect(unreadable.reason.utf8.count < 500)
    }
}
