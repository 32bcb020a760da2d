import FoundationEssentials
import Kafka
import KafkaTesting
import StreamingMetrics
import Testing

@testable import MetricsTopic

@Suite struct MetricsConsumerTests {
    let cluster: MockCluster

    init() throws {
        cluster = try MockCluster()
        try cluster.createTopic(TopicContract.progressTopic)
    }

    private func produce(_ records: [ProducerRecord]) async throws {
        let producer = try KafkaProducer(cluster.configuration)
        for record in records { _ = try await producer.deliver(record) }
        await producer.close()
    }

    private func textbook(_ value: String) -> ProducerRecord {
        ProducerRecord(topic: TopicContract.progressTopic, value: value)
    }

    private func read(query: String? = nil) async throws -> [MetricsRecord] {
        let consumer = MetricsConsumer(
            bootstrapServers: cluster.bootstrapServers, start: .beginning, stopsAtEnd: true, query: query)
        var records: [MetricsRecord] = []
        for try await record in consumer.records { records.append(record) }
        return records
    }

    @Test func `records without key and headers, pretty-printed and wrapped are all progress`() async throws {
        let event = QueryProgressEvent.sample(batchId: 4)
        try await produce([textbook(event.progress.json), textbook(event.progress.prettyJSON), textbook(event.json)])
        let records = try await read()
        #expect(records.map(\.progress) == [event.progress, event.progress, event.progress])
        guard case .event(_, let metadata) = try #require(records.first) else { return }
        #expect(metadata.key == nil && metadata.schemaVersion == nil && metadata.sequence == nil)
        #expect(metadata.encoding == .canonical)
    }

    @Test func `what cannot be read is a value with its place, and the stream goes on`() async throws {
        let good = QueryProgressEvent.sample(batchId: 1)
        try await produce([
            textbook("{"), ProducerRecord(topic: TopicContract.progressTopic, value: nil), textbook(""),
            textbook("[1,2]"),
            ProducerRecord(topic: TopicContract.progressTopic, value: [0xff, 0xfe]), textbook("{\"a\":1}"),
            textbook(good.progress.json),
        ])
        let records = try await read()
        #expect(records.count == 7)
        for (offset, record) in records.dropLast().enumerated() {
            guard case .unreadable(let unreadable) = record else {
                Issue.record("record \(offset) was read")
                continue
            }
            #expect(unreadable.offset == Int64(offset))
            #expect(unreadable.topic == TopicContract.progressTopic)
            #expect(!unreadable.reason.isEmpty)
        }
        #expect(records.last?.progress == good.progress)
    }

    @Test func `progress alone passes over everything else`() async throws {
        let event = QueryProgressEvent.sample(batchId: 1)
        let idle = QueryIdleEvent(id: UUID(), runId: UUID(), timestamp: event.progress.timestamp)
        try await produce([textbook("garbage"), textbook(idle.json), textbook(event.progress.json)])
        let consumer = MetricsConsumer(
            bootstrapServers: cluster.bootstrapServers, start: .beginning, stopsAtEnd: true)
        var progress: [StreamingQueryProgress] = []
        for try await each in consumer.progress { progress.append(each) }
        #expect(progress == [event.progress])
    }

    @Test func `a query is picked by name, id or run id, with its nameless events`() async throws {
        let (id, runId) = (UUID(), UUID())
        let mine = QueryProgressEvent.sample(id: id, runId: runId, batchId: 1, name: "mine")
        let other = QueryProgressEvent.sample(batchId: 2, name: "other")
        let idle = QueryIdleEvent(id: id, runId: runId, timestamp: mine.progress.timestamp)
        let stranger = QueryTerminatedEvent(id: UUID(), runId: UUID(), exception: nil)
        try await produce(
            [other.json, mine.json, idle.json, stranger.json].map(textbook))
        for query in ["mine", id.uuidString.lowercased(), runId.uuidString] {
            let records = try await read(query: query)
            #expect(records.compactMap(\.event) == [.progress(mine), .idle(idle)], "query \(query)")
        }
        #expect(try await read(query: "nobody").isEmpty)
    }

    @Test func `a wrong option is thrown by the first step`() async throws {
        var iterator = MetricsConsumer(bootstrapServers: "").records.makeAsyncIterator()
        await #expect(throws: KafkaError.self) { try await iterator.next() }
        var second = MetricsConsumer(bootstrapServers: "localhost:1", topics: []).records.makeAsyncIterator()
        await #expect(throws: KafkaError.self) { try await second.next() }
    }

    @Test func `mutated records never stop the stream`() async throws {
        var random = SeededGenerator(state: 3)
        let json = Array(QueryProgressEvent.sample(batchId: 1).progress.json.utf8)
        for _ in 0..<2000 {
            var bytes = json
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let record = MetricsRecord(ConsumerRecord(topic: "t", partition: 0, offset: 1, value: bytes))
            if case .unreadable(let unreadable) = record { #expect(unreadable.bytes == bytes) }
        }
    }
}
