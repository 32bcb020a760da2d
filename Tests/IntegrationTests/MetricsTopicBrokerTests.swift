import Foundation
import Kafka
import MetricsTopic
import StreamingMetrics
import Testing

@Suite struct MetricsTopicBrokerTests {
    /// Every event that was recorded from a real Spark and can be read.
    private func recordedEvents() throws -> [StreamingQueryEvent] {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "StreamingMetricsTests/Fixtures")
        let files = try #require(FileManager.default.enumerator(at: fixtures, includingPropertiesForKeys: nil))
            .compactMap { $0 as? URL }.filter { $0.pathExtension == "jsonl" && $0.lastPathComponent != "index.jsonl" }
        var events: [StreamingQueryEvent] = []
        for file in files.sorted(by: { $0.path < $1.path }) {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                if let event = try? StreamingQueryEvent(json: String(line)) { events.append(event) }
            }
        }
        try #require(events.count > 1000, "the recorded events are missing in \(fixtures.path)")
        return events
    }

    private func read(_ bootstrapServers: String, _ topics: [String], group: String? = nil) async throws
        -> [MetricsRecord]
    {
        let consumer = MetricsConsumer(
            bootstrapServers: bootstrapServers, topics: topics, group: group, start: .beginning, stopsAtEnd: true)
        var records: [MetricsRecord] = []
        for try await record in consumer.records { records.append(record) }
        return records
    }

    @Test func `every recorded event comes back equal, in the order of its query`() async throws {
        let bootstrapServers = try await Broker.bootstrapServers()
        let (progressTopic, lifecycleTopic) = (Broker.topic("metrics"), Broker.topic("lifecycle"))
        let events = try recordedEvents()
        let metrics = try KafkaMetrics(
            configuration: KafkaConfiguration(bootstrapServers: bootstrapServers), topic: progressTopic,
            lifecycleTopic: .separate(lifecycleTopic), limits: .init(bufferedEvents: 100))
        for event in events { try await metrics.send(event) }
        let summary = await metrics.stop(deadline: .now + .seconds(30))
        #expect(summary.undelivered == 0)
        #expect(summary.statistics.acknowledged == events.count)

        for (topic, isProgress) in [(progressTopic, true), (lifecycleTopic, false)] {
            let back = try await read(bootstrapServers, [topic]).compactMap(\.event)
            let sent = events.filter { ($0.kind == .progress) == isProgress }
            #expect(back.count == sent.count)
            #expect(Dictionary(grouping: back, by: \.id) == Dictionary(grouping: sent, by: \.id))
        }
    }

    @Test func `a textbook producer's records are read without a setting`() async throws {
        let bootstrapServers = try await Broker.bootstrapServers()
        let topic = Broker.topic("textbook")
        let progress = try recordedEvents().compactMap { event -> StreamingQueryProgress? in
            if case .progress(let event) = event { event.progress } else { nil }
        }.prefix(50)
        let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: bootstrapServers))
        for each in progress {
            try producer.send(ProducerRecord(topic: topic, value: each.json))
            try producer.send(ProducerRecord(topic: topic, value: each.prettyJSON))
            try producer.send(ProducerRecord(topic: topic, value: "not JSON"))
        }
        try await producer.flush()
        await producer.close()
        let records = try await read(bootstrapServers, [topic])
        #expect(records.count == 150)
        #expect(records.compactMap(\.progress) == progress.flatMap { [$0, $0] })
    }

    @Test func `a group of readers goes on where it ended`() async throws {
        let bootstrapServers = try await Broker.bootstrapServers()
        let (topic, group) = (Broker.topic("resumed"), Broker.topic("readers"))
        let events = try recordedEvents().filter { $0.kind == .progress }
        for half in [events[..<20], events[20..<30]] {
            let metrics = try KafkaMetrics(
                configuration: KafkaConfiguration(bootstrapServers: bootstrapServers), topic: topic)
            for event in half { metrics.offer(event) }
            #expect(await metrics.stop(deadline: .now + .seconds(20)).undelivered == 0)
            #expect(try await read(bootstrapServers, [topic], group: group).count == half.count)
        }
    }
}
