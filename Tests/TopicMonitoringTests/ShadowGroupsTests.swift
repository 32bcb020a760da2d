import Foundation
import KafkaTesting
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Synchronization
import Testing

@testable import Kafka
@testable import TopicMonitoring

/// Shadow groups on the mock cluster.
@Suite struct ShadowGroupsTests {
    private let cluster: MockCluster
    private let place = TopicPartition(topic: "read", partition: 0)

    init() throws {
        cluster = try MockCluster()
        try cluster.createTopic("read", partitions: 1)
    }

    /// Errors and contacts that were told.
    private final class Told: Sendable {
        let errors = Mutex<[String]>([])
        let contacts = Mutex(0)
        var messages: [String] { errors.withLock { $0 } }
    }

    private func groups(
        _ told: Told, timeout: Duration = .seconds(10), maximumClients: Int = 16
    ) throws -> ShadowGroups {
        var settings = ShadowGroups.Settings()
        settings.interval = .milliseconds(50)
        settings.timeout = timeout
        settings.maximumClients = maximumClients
        return try ShadowGroups(
            configuration: cluster.configuration, template: ShadowGroupTemplate("spark-{query}"), settings: settings,
            onError: { error in told.errors.withLock { $0.append(error.message) } },
            onContact: { told.contacts.withLock { $0 += 1 } })
    }

    private static func progress(
        _ batch: Int64, _ end: Int64, name: String = "orders", query: UInt8 = 1
    ) -> StreamingQueryEvent {
        let id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, query))
        let source = SourceProgress(
            description: "KafkaV2[Subscribe[read]]", endOffset: ["read": ["0": .integer(end)]])
        return .progress(
            QueryProgressEvent(
                progress: StreamingQueryProgress(
                    id: id, runId: id, name: name, timestamp: ProgressTimestamp(millisecondsSinceEpoch: batch),
                    batchId: batch, sources: [source], sink: SinkProgress(description: "noop"))))
    }

    /// What a group has committed.
    private func offset(of group: String) async throws -> Int64? {
        try await GroupCommitter(cluster.configuration, group: group).committed([place], timeout: .seconds(20))[place]
    }

    private static func wait(
        _ what: String, seconds: Double = 60, until condition: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while try await !condition() {
            try #require(ContinuousClock.now < deadline, "waited in vain: \(what)")
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Runs groups for the time of a test; gives how long they took to end.
    @discardableResult
    private func running(
        _ groups: ShadowGroups, _ hub: MonitoringHub, _ test: () async throws -> Void
    ) async throws -> Duration {
        let task = Task { await groups.run(watching: hub) }
        defer { task.cancel() }
        try await test()
        let start = ContinuousClock.now
        task.cancel()
        await task.value
        return start.duration(to: .now)
    }

    @Test func `what queries read becomes the offsets of groups of their names`() async throws {
        let told = Told()
        let groups = try groups(told)
        let hub = MonitoringHub(observers: [groups])
        try await running(groups, hub) {
            for (batch, end) in [(0, 10), (1, 25)] as [(Int64, Int64)] {
                hub.take(Self.progress(batch, end))
                try await Self.wait("offset \(end)") { try await offset(of: "spark-orders") == end }
            }
            #expect(groups.statistics.groups == 1 && groups.statistics.waiting == 0)
        }
        #expect(told.messages == [])
        #expect(groups.statistics.commits == 2 && groups.statistics.failures == 0)
        let text = groups.families.map { "\($0.family.name) \($0.samples.map(\.value))" }
        #expect(
            text.contains("streamgauge_shadow_groups [1.0]") && text.contains("streamgauge_shadow_commits_total [2.0]"))
        #expect((groups.statistics.lastCommitAge ?? .seconds(100)) < .seconds(60))
    }

    @Test func `brokers that go away are told once, nothing ends, and the newest offsets follow when they are back`()
        async throws
    {
        let told = Told()
        let groups = try groups(told, timeout: .seconds(2))
        let hub = MonitoringHub(observers: [groups])
        try await running(groups, hub) {
            hub.take(Self.progress(0, 1))
            try await Self.wait("the first offset") { try await offset(of: "spark-orders") == 1 }
            for round in 1...Int64(2) {
                try cluster.setDown(broker: 1)
                for batch in 0..<Int64(20) {
                    let start = ContinuousClock.now
                    hub.take(Self.progress(round * 100 + batch, round * 1000 + batch))
                    hub.take(Self.progress(round * 100 + batch, round * 1000 + batch, name: "other", query: 2))
                    // Whatever brokers do, the feed goes on.
                    #expect(start.duration(to: .now) < .seconds(1))
                    try await Task.sleep(for: .milliseconds(20))
                }
                try await Self.wait("the loss") { told.messages.count == Int(round) }
                try await Task.sleep(for: .seconds(3))
                try cluster.setUp(broker: 1)
                for group in ["spark-orders", "spark-other"] {
                    try await Self.wait("the newest offset of \(group)") {
                        try await offset(of: group) == round * 1000 + 19
                    }
                }
                #expect(told.contacts.withLock { $0 } == Int(round))
            }
        }
        #expect(
            told.messages.count == 2 && told.messages.allSatisfy { $0.contains("group \"spark-o") }, "\(told.messages)")
    }

    @Test func `nothing is committed while old events are read, and then only what is newest`() async throws {
        let told = Told()
        let groups = try groups(told)
        let hub = MonitoringHub(observers: [groups])
        hub.report("topics") { $0.state = .catchingUp }
        try await running(groups, hub) {
            for batch in 0..<Int64(100) { hub.take(Self.progress(batch, batch)) }
            try await Task.sleep(for: .milliseconds(500))
            #expect(groups.statistics.commits == 0)
            #expect(try await offset(of: "spark-orders") == nil)
            hub.report("topics") {
                $0.state = .live
                $0.lagRecords = 5000
            }
            try await Task.sleep(for: .milliseconds(500))
            #expect(groups.statistics.commits == 0)
            hub.report("topics") { $0.lagRecords = 0 }
            try await Self.wait("the commit") { groups.statistics.commits == 1 }
            #expect(try await offset(of: "spark-orders") == 99)
        }
        #expect(groups.statistics.commits == 1)
    }

    @Test func `a group that has members is told once by its name and left alone`() async throws {
        let told = Told()
        let groups = try groups(told)
        let hub = MonitoringHub(observers: [groups])
        try cluster.pushErrors(Array(repeating: 25, count: 20), on: .offsetCommit)
        try await running(groups, hub) {
            hub.take(Self.progress(0, 1))
            try await Self.wait("the refusal") { groups.statistics.stopped == 1 }
            try cluster.clearErrors(on: .offsetCommit)
            hub.take(Self.progress(1, 2))
            hub.take(Self.progress(1, 2, name: "other", query: 2))
            try await Self.wait("another group") { try await offset(of: "spark-other") == 2 }
        }
        #expect(try await offset(of: "spark-orders") == nil)
        #expect(told.messages.count == 1 && told.messages[0].contains("group \"spark-orders\" has members of its own"))
    }

    @Test(.timeLimit(.minutes(2)))
    func `a group in which somebody reads is refused by its coordinator, and its reader goes on`()
        async throws
    {
        let member = try KafkaConsumer(
            cluster.configuration, subscription: .group("spark-orders", topics: ["read"], reset: .beginning))
        var events = member.events.makeAsyncIterator()
        while let event = try await events.next() {
            if case .assigned(let partitions) = event, partitions == [place] { break }
        }
        let told = Told()
        let groups = try groups(told)
        let hub = MonitoringHub(observers: [groups])
        try await running(groups, hub) {
            hub.take(Self.progress(0, 7))
            try await Self.wait("the refusal") { groups.statistics.stopped == 1 }
        }
        #expect(told.messages.count == 1 && told.messages[0].contains("group \"spark-orders\" has members of its own"))
        #expect(try await offset(of: "spark-orders") == nil)
        let producer = try KafkaProducer(cluster.configuration)
        _ = try await producer.deliver(ProducerRecord(topic: "read", value: "1"))
        _ = await producer.close()
        var read: ConsumerRecord?
        while read == nil, let event = try await events.next() {
            if case .record(let record) = event { read = record }
        }
        #expect(read?.value == Array("1".utf8) && member.assignment == [place])
        await member.close()
    }

    @Test func `a group that may not be used is told once, and others are committed`() async throws {
        let told = Told()
        let groups = try groups(told)
        let hub = MonitoringHub(observers: [groups])
        try cluster.pushErrors([30], on: .offsetCommit)
        try await running(groups, hub) {
            hub.take(Self.progress(0, 1, name: "a"))
            try await Self.wait("the refusal") { groups.statistics.failures == 1 }
            for batch in 1..<Int64(5) {
                hub.take(Self.progress(batch, batch, name: "a"))
                hub.take(Self.progress(batch, batch, name: "b", query: 2))
                try await Self.wait("the other") { try await offset(of: "spark-b") == batch }
            }
        }
        #expect(told.messages.count == 1 && told.messages[0].contains("group \"spark-a\""), "\(told.messages)")
        #expect(groups.statistics.waiting == 1)
    }

    @Test func `more groups than clients are all committed`() async throws {
        let told = Told()
        let groups = try groups(told, maximumClients: 2)
        let hub = MonitoringHub(observers: [groups])
        try await running(groups, hub) {
            for number in UInt8(1)...9 { hub.take(Self.progress(0, Int64(number), name: "q\(number)", query: number)) }
            try await Self.wait("all") { groups.statistics.commits == 9 }
        }
        for number in Int64(1)...9 { #expect(try await offset(of: "spark-q\(number)") == number) }
        #expect(told.messages == [])
    }

    @Test func `at the end what is newest is committed, and brokers that are away hold it up for two seconds at most`()
        async throws
    {
        let told = Told()
        let groups = try groups(told)
        let hub = MonitoringHub(observers: [groups])
        var end = try await running(groups, hub) {
            hub.take(Self.progress(0, 1))
            try await Self.wait("the first") { try await offset(of: "spark-orders") == 1 }
            hub.take(Self.progress(1, 2))
        }
        #expect(try await offset(of: "spark-orders") == 2)
        #expect(end < .seconds(2.5))
        let others = try self.groups(told)
        let hub2 = MonitoringHub(observers: [others])
        end = try await running(others, hub2) {
            try cluster.setDown(broker: 1)
            hub2.take(Self.progress(0, 1, name: "away"))
            try await Task.sleep(for: .milliseconds(500))
        }
        #expect(end < .seconds(3), "\(end)")
    }
}
