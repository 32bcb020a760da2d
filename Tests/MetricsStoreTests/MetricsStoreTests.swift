import Foundation
import Kafka
import KafkaTesting
import MetricsStore
import MetricsTopic
import StreamingMetrics
import Testing

@Suite struct MetricsStoreTests {
    private let file = StoreFile()
    private let make = RecordMaker()

    @Test func `events come back as they were, in their order, page by page`() async throws {
        let store = try file.open()
        let records = (0..<10 as Range<Int64>).map {
            make.progress(batch: $0, sequence: UInt64($0), offset: $0 + 100)
        }
        let counts = try await store.append(make.batch(records, next: 110))
        #expect(counts.events == 10)
        let stored = try store.events()
        #expect(try stored.map { try $0.event } == records.compactMap(\.event))
        #expect(stored.map(\.offset) == Array(100..<110))
        #expect(stored.map(\.sequence) == (0..<10).map { UInt64($0) })
        #expect(stored.allSatisfy { $0.queryName == "q" && $0.timestampMs == 5 && $0.partition == make.place })
        #expect(try store.events(after: stored[3].id, limit: 2).map(\.sequence) == [4, 5])
        #expect(try store.events(ofQuery: make.id).count == 10)
        #expect(try store.events(ofQuery: UUID()).isEmpty)
    }

    @Test func `F22: copies of an event are stored once, wherever they lie`() async throws {
        let store = try file.open()
        let first = (0..<4 as Range<Int64>).map { make.progress(batch: $0, sequence: UInt64($0), offset: $0) }
        try await store.append(make.batch(first, next: 4))
        let copies = (0..<6 as Range<Int64>).map { make.progress(batch: $0, sequence: UInt64($0), offset: $0 + 4) }
        let counts = try await store.append(make.batch(copies, next: 10))
        #expect(counts.events == 2)
        #expect(counts.duplicates == 4)
        #expect(try store.counts().events == 6)
        // Another forwarder of the run counts from 0 again: other events under the same numbers.
        let others = [
            make.progress(batch: 7, sequence: 0, offset: 10), make.progress(batch: 8, sequence: 1, offset: 11),
        ]
        #expect(try await store.append(make.batch(others, next: 12)).events == 2)
    }

    @Test func `progress without a number is told by its text, and other events are all kept`() async throws {
        let store = try file.open()
        let ended = QueryTerminatedEvent(id: make.id, runId: make.runId, exception: nil).json
        let records = [
            make.progress(batch: 1, sequence: nil, offset: 0), make.progress(batch: 1, sequence: nil, offset: 1),
            make.progress(batch: 1, sequence: nil, offset: 2, rows: 2),
            make.record(ended, sequence: nil, offset: 3), make.record(ended, sequence: nil, offset: 4),
        ]
        let counts = try await store.append(make.batch(records, next: 5))
        #expect(counts.events == 4)
        #expect(counts.duplicates == 1)
    }

    @Test func `what another process has stored is passed over`() async throws {
        let (one, other) = (try file.open(), try file.open())
        let ended = QueryTerminatedEvent(id: make.id, runId: make.runId, exception: nil).json
        let records = (0..<4 as Range<Int64>).map { make.record(ended, sequence: nil, offset: $0) }
        try await one.append(make.batch(Array(records[..<3]), next: 3))
        let counts = try await other.append(make.batch(records, next: 4))
        #expect(counts.events == 1)
        #expect(try one.counts().events == 4)
        #expect(try one.offsets() == [make.place: 4])
        // A late writer does not set it back.
        try await one.append(make.batch([records[1]], next: 2))
        #expect(try other.offsets() == [make.place: 4])
    }

    @Test func `F22: what a partition gives again after it went away and came back is stored once`() async throws {
        let store = try file.open()
        let started = QueryStartedEvent(id: make.id, runId: make.runId, name: "q", timestamp: nil).json
        let ended = QueryTerminatedEvent(id: make.id, runId: make.runId, exception: nil).json
        let other = RecordMaker(topic: "other")
        let first = [
            make.record(started, sequence: nil, offset: 0), make.record("garbage", sequence: nil, offset: 1),
            make.record(ended, sequence: nil, offset: 2),
        ]
        let between = other.record(ended, sequence: nil, offset: 0)
        // All in one batch, with records of another partition between.
        let batch = MetricsBatch(records: first + [between] + first, nextOffsets: [make.place: 3, other.place: 1])
        let counts = try await store.append(batch)
        #expect((counts.events, counts.unreadable, counts.duplicates) == (3, 1, 3))
        #expect(try store.offsets() == [make.place: 3, other.place: 1])
        // And again in the next one.
        let again = try await store.append(make.batch(first, next: 3))
        #expect((again.events, again.unreadable, again.duplicates) == (0, 0, 3))
        #expect(try store.counts().events == 3)
    }

    @Test func `F22: a log made anew is stored from its start, and what was lost is a row`() async throws {
        let store = try file.open()
        try await store.append(make.batch([make.progress(batch: 1, sequence: 1, offset: 90)], next: 91))
        let retention = LogGap(partition: make.place, cause: .retention, position: 91, resumesAt: 95)
        let recreated = LogGap(partition: make.place, cause: .recreated, position: 96, resumesAt: 0)
        try await store.append(
            make.batch([.lost(retention), make.progress(batch: 2, sequence: 2, offset: 95)], next: 96))
        let counts = try await store.append(
            make.batch([.lost(recreated), make.progress(batch: 3, sequence: 3, offset: 0)], next: 1))
        #expect(counts.events == 1)
        #expect(counts.lostRanges == 1)
        #expect(try store.lostRecords() == [retention, recreated])
        #expect(retention.lostOffsets == 91...94)
        #expect(try store.offsets() == [make.place: 1])
        #expect(try store.counts().events == 3)
    }

    @Test func `records that are no events are kept with the reason`() async throws {
        let store = try file.open()
        let records = [
            make.record("garbage", sequence: nil, offset: 0),
            MetricsRecord(ConsumerRecord(topic: make.topic, partition: 0, offset: 1, value: nil)),
        ]
        #expect(try await store.append(make.batch(records, next: 2)).unreadable == 2)
        let kept = try store.unreadableRecords()
        #expect(
            kept
                == records.compactMap { record in
                    if case .unreadable(let unreadable) = record { unreadable } else { nil }
                })
        #expect(kept[0].key == Array("k".utf8))
    }

    @Test func `missing numbers are found over all kinds`() async throws {
        let store = try file.open()
        let started = QueryStartedEvent(id: make.id, runId: make.runId, name: "q", timestamp: nil).json
        let records = [
            make.record(started, sequence: 0, offset: 0), make.progress(batch: 0, sequence: 1, offset: 1),
            make.progress(batch: 3, sequence: 4, offset: 2), make.progress(batch: 5, sequence: 6, offset: 3),
        ]
        try await store.append(make.batch(records, next: 4))
        let gaps = try store.gaps()
        #expect(gaps.map(\.missing) == [2...3, 5...5])
        #expect(gaps.allSatisfy { $0.queryId == make.id && $0.runId == make.runId })
    }

    @Test func `a batch that fails leaves nothing behind`() async throws {
        let store = try file.open()
        try await store.append(make.batch([make.progress(batch: 1, sequence: 1, offset: 0)], next: 1))
        try store.close()
        let error = await #expect(throws: MetricsStoreError.self) {
            try await store.append(make.batch([make.progress(batch: 2, sequence: 2, offset: 1)], next: 2))
        }
        #expect(error?.message.contains(file.path) == true)
        let again = try file.open()
        #expect(try again.counts().events == 1)
        #expect(try again.offsets() == [make.place: 1])
    }

    @Test func `reading a topic again and again stores each record once`() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic(TopicContract.progressTopic)
        let producer = try KafkaProducer(cluster.configuration)
        var consumer = MetricsConsumer(configuration: cluster.configuration, start: .beginning, stopsAtEnd: true)
        consumer.deduplicates = false
        for round in 0..<3 as Range<Int64> {
            for batch in 0...(round * 10) {
                let progress = StreamingQueryProgress(
                    id: make.id, runId: make.runId, name: "q", timestamp: ProgressTimestamp(millisecondsSinceEpoch: 0),
                    batchId: batch, numInputRows: 1, sink: SinkProgress(description: nil))
                _ = try await producer.deliver(ProducerRecord(topic: TopicContract.progressTopic, value: progress.json))
            }
            let store = try file.open()
            let new = try await store.run(consumer, batchesOf: 3)
            #expect(new.events == (round == 0 ? 1 : 10))
            #expect(new.duplicates == round * 10 + 1 - Int64(new.events))
            try store.close()
        }
        await producer.close()
        #expect(try file.open().counts().events == 21)
    }

    @Test func `a batch whose forerunner threw is not stored`() async throws {
        struct Stop: Error {}
        let cluster = try MockCluster()
        try cluster.createTopic(TopicContract.progressTopic)
        let producer = try KafkaProducer(cluster.configuration)
        _ = try await producer.deliver(ProducerRecord(topic: TopicContract.progressTopic, value: "garbage"))
        await producer.close()
        let consumer = MetricsConsumer(configuration: cluster.configuration, start: .beginning, stopsAtEnd: true)
        let store = try file.open()
        await #expect(throws: Stop.self) {
            try await store.run(consumer) { batch in if !batch.records.isEmpty { throw Stop() } }
        }
        #expect(try store.counts().unreadable == 0)
        #expect(try await store.run(consumer).unreadable == 1)
    }
}
