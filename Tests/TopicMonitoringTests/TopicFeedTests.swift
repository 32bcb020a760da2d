import Foundation
import Kafka
import KafkaTesting
import LiveMonitoring
import MetricsTopic
import Monitoring
import StreamingMetrics
import Synchronization
import Testing

@testable import TopicMonitoring

@Suite struct TopicFeedTests {
    private static let fixtures = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "MonitoringTests/Fixtures")
    private let cluster: MockCluster

    init() throws { cluster = try MockCluster() }

    /// Runs a hub with a feed for the time of a test.
    private func watching(
        _ feed: TopicFeed, _ hub: MonitoringHub, _ test: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await hub.run([feed]) }
            defer { group.cancelAll() }
            try await test()
        }
    }

    private static func wait(_ what: String, seconds: Double = 30, until condition: () -> Bool) async throws {
        let deadline = Date().addingTimeInterval(seconds)
        while !condition() {
            try #require(deadline.timeIntervalSinceNow > 0, "waited in vain: \(what)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func produce(_ records: [ProducerRecord]) async throws {
        let producer = try KafkaProducer(cluster.configuration)
        for record in records { _ = try await producer.deliver(record) }
        await producer.close()
    }

    private static func progress(_ batch: Int64, _ query: UUID, _ run: UUID) -> StreamingQueryProgress {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        return StreamingQueryProgress(
            id: query, runId: run, name: "orders", timestamp: ProgressTimestamp(millisecondsSinceEpoch: now),
            batchId: batch, batchDuration: 10, numInputRows: 5, sink: SinkProgress(description: "noop"))
    }

    @Test func `8 MB are read ahead, where nothing else is asked for`() {
        var configuration = KafkaConfiguration(bootstrapServers: "127.0.0.1:1")
        let name = "queued.max.messages.kbytes"
        #expect(TopicFeed(configuration: configuration).readConfiguration.properties[name] == "8192")
        configuration.properties[name] = "100"
        #expect(TopicFeed(configuration: configuration).readConfiguration.properties[name] == "100")
    }

    @Test(arguments: ["spark-4.1.1/restart.jsonl", "spark-4.1.1/idle.jsonl", "spark-4.1.1/fail-udf.jsonl"])
    func `topics and a recorded file of the same events say the same`(_ name: String) async throws {
        try cluster.createTopic("events", partitions: 1)
        let path = Self.fixtures.appending(path: name).path
        let replayed = MonitoringHub(settings: .replay)
        try await RecordingFeed(paths: [path]).run(into: replayed)
        let end = replayed.now
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        var last = try #require(
            try lines.lazy.compactMap { try StreamingQueryEvent(json: String($0)).ownTime }.first)
        try await produce(
            lines.map { line in
                last = max(last, try StreamingQueryEvent(json: String(line)).ownTime ?? last)
                return ProducerRecord(
                    topic: "events", value: Array(line.utf8), timestampMs: last.millisecondsSinceEpoch)
            })
        // The present is the recording's end, as it was when its last event came.
        let live = MonitoringHub(clock: { end })
        let feed = TopicFeed(configuration: cluster.configuration, topics: ["events"], start: .beginning)
        try await watching(feed, live) {
            try await Self.wait("all events") {
                live.feeds.first.map { $0.records == UInt64(lines.count) && $0.state == .live } ?? false
            }
            live.tick()
            #expect(live.rows().map(\.snapshot) == replayed.rows().map(\.snapshot))
            for row in replayed.rows() {
                let id = row.snapshot.id
                #expect(live.detail(of: id)?.transitions == replayed.detail(of: id)?.transitions)
                #expect(live.detail(of: id)?.points == replayed.detail(of: id)?.points)
            }
        }
    }

    @Test func `brokers that go away are told, and reading goes on when they are back`() async throws {
        for topic in [TopicContract.progressTopic, TopicContract.lifecycleTopic] { try cluster.createTopic(topic) }
        let hub = MonitoringHub()
        let (query, run) = (UUID(), UUID())
        let contacts = Mutex(0)
        var feed = TopicFeed(configuration: cluster.configuration, start: .beginning)
        feed.onContact = { contacts.withLock { $0 += 1 } }
        try await watching(feed, hub) { [cluster] in
            try await Self.wait("contact with empty topics") { hub.feeds.first?.state == .live }
            try cluster.setDown(broker: 1)
            try await Self.wait("the loss of the broker") { hub.feeds.first?.state == .away }
            #expect(hub.feeds.first?.error != nil)
            try cluster.setUp(broker: 1)
            try await Self.wait("its return") { hub.feeds.first?.state == .live }
            #expect(hub.feeds.first?.error == nil)
            #expect(contacts.withLock { $0 } >= 1)
            let json = Self.progress(7, query, run).json
            try await produce([ProducerRecord(topic: TopicContract.progressTopic, value: Array(json.utf8))])
            try await Self.wait("the event") { hub.rows().first?.snapshot.batchId == 7 }
        }
        #expect(hub.feeds.first?.state == .ended)
    }

    @Test func `records that are no events, and copies, are counted and passed over`() async throws {
        try cluster.createTopic("mixed", partitions: 1)
        let json = Self.progress(1, UUID(), UUID()).json
        try await produce(
            ["garbage", json, json, "{}"].map { ProducerRecord(topic: "mixed", value: Array($0.utf8)) })
        let told = Mutex<[String]>([])
        var feed = TopicFeed(configuration: cluster.configuration, topics: ["mixed"], start: .beginning)
        feed.onFault = { line in told.withLock { $0.append(line) } }
        let hub = MonitoringHub()
        try await watching(feed, hub) { [feed = feed] in
            try await Self.wait("all records") { hub.feeds.first?.records == 4 }
            let health = try #require(hub.feeds.first { $0.name == feed.name })
            #expect((health.events, health.copies, health.unreadable) == (1, 1, 2))
            #expect(
                told.withLock { $0 }.first?.hasPrefix("unreadable record: topic mixed, partition 0, offset 0: ") == true
            )
            #expect(hub.rows().map(\.snapshot.counts.events) == [1])
        }
    }

    @Test func `a wrong option ends the feed with its reason`() async throws {
        var configuration = cluster.configuration
        configuration.properties["no.such.option"] = "1"
        let hub = MonitoringHub()
        try await watching(TopicFeed(configuration: configuration), hub) {
            try await Self.wait("the failure") { hub.hasFailed }
            #expect(hub.feeds.first?.error?.contains("no.such.option") == true)
        }
    }
}
