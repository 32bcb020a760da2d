import Foundation
import Kafka
import LiveMonitoring
import StreamingMetrics
import Synchronization
import Testing
import TopicMonitoring

@Suite struct ShadowGroupBrokerTests {
    @Test func `a group's offsets are set, listed and set again, and a partition that is not there is refused`()
        async throws
    {
        let configuration = KafkaConfiguration(bootstrapServers: try await Broker.bootstrapServers())
        let topic = Broker.topic("offsets")
        let admin = try KafkaAdmin(configuration)
        try await admin.createTopic(NewTopic(name: topic, partitions: 2, replicationFactor: 1))
        let group = Broker.topic("group")
        let (first, second) = (TopicPartition(topic: topic, partition: 0), TopicPartition(topic: topic, partition: 1))
        #expect(try await admin.committedOffsets(of: group).isEmpty)
        #expect(try await admin.setCommittedOffsets([first: 3, second: 4], of: group).isEmpty)
        #expect(try await admin.setCommittedOffsets([second: 2], of: group).isEmpty)
        #expect(try await admin.committedOffsets(of: group) == [first: 3, second: 2])
        let wrong = await #expect(throws: KafkaError.self) {
            _ = try await admin.setCommittedOffsets([first: -1], of: group)
        }
        #expect(wrong?.code == .invalidArgument)
        try await admin.deleteTopics([topic])
    }

    @Test func `what queries read becomes the offsets of groups of their names`() async throws {
        let configuration = KafkaConfiguration(bootstrapServers: try await Broker.bootstrapServers())
        let topic = Broker.topic("read")
        let admin = try KafkaAdmin(configuration)
        try await admin.createTopic(NewTopic(name: topic, partitions: 1, replicationFactor: 1))
        let prefix = Broker.topic("shadow") + "-"
        let errors = Mutex<[String]>([])
        let groups = try ShadowGroups(
            configuration: configuration, prefix: prefix, interval: .milliseconds(50),
            onError: { error in errors.withLock { $0.append(error.message) } })
        let hub = MonitoringHub(observers: [groups])
        let place = TopicPartition(topic: topic, partition: 0)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await groups.run() }
            defer { tasks.cancelAll() }
            for (batch, end) in [(0, 10), (1, 25)] as [(Int64, Int64)] {
                hub.take(Self.progress(batch, topic, end))
                let deadline = ContinuousClock.now + .seconds(30)
                while try await admin.committedOffsets(of: prefix + "orders")[place] != end {
                    try #require(ContinuousClock.now < deadline, "\(errors.withLock { $0 })")
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }
        #expect(errors.withLock { $0 } == [])
        #expect(groups.statistics.commits == 2 && groups.statistics.waiting == 0)
        try await admin.deleteTopics([topic])
    }

    private static func progress(_ batch: Int64, _ topic: String, _ end: Int64) -> StreamingQueryEvent {
        let zero = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        let source = SourceProgress(
            description: "KafkaV2[Subscribe[\(topic)]]",
            endOffset: .object([.init(topic, .object([.init("0", .integer(end))]))]))
        return .progress(
            QueryProgressEvent(
                progress: StreamingQueryProgress(
                    id: zero, runId: zero, name: "orders", timestamp: ProgressTimestamp(millisecondsSinceEpoch: 0),
                    batchId: batch, sources: [source], sink: SinkProgress(description: "noop"))))
    }
}
