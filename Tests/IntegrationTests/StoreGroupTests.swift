import Foundation
import Kafka
import MetricsStore
import MetricsTopic
import StreamingMetrics
import Testing

/// Fault row F22: members of a group that write to one store, killed while they read and while partitions change hands.
@Suite struct StoreGroupTests {
    /// A member of the group: the program itself, so that it can be killed.
    private final class Member {
        private let process = Process()

        init(_ arguments: [String]) throws {
            let bundle = Bundle(for: Member.self).bundleURL
            let inside = bundle.appending(path: "streamgauge")
            process.executableURL =
                FileManager.default.isExecutableFile(atPath: inside.path)
                ? inside : bundle.deletingLastPathComponent().appending(path: "streamgauge")
            process.arguments = arguments
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
        }

        func kill() {
            Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }

        func wait() -> Int32 {
            process.waitUntilExit()
            return process.terminationStatus
        }
    }

    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private func progress(_ query: UUID, _ run: UUID, _ topic: String, batch: Int) -> ProducerRecord {
        let progress = StreamingQueryProgress(
            id: query, runId: run, name: "q", timestamp: ProgressTimestamp(millisecondsSinceEpoch: 0),
            batchId: Int64(batch), numInputRows: 1, sink: SinkProgress(description: "noop"))
        return ProducerRecord(
            topic: topic, key: query.uuidString, value: progress.json,
            headers: [RecordHeader(name: TopicContract.Header.sequence, text: String(batch))])
    }

    @Test func `F22: members that are killed again and again leave each event in the store once`() async throws {
        let servers = try await Broker.bootstrapServers()
        let configuration = KafkaConfiguration(bootstrapServers: servers)
        let (topic, group) = (Broker.topic("shared"), Broker.topic("group"))
        try await KafkaAdmin(configuration).createTopic(NewTopic(name: topic, partitions: 4, replicationFactor: 1))
        let path = FileManager.default.temporaryDirectory.appending(path: "\(group).db").path
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        let common = ["consume", "--bootstrap-servers", servers, "--topic", topic, "--store", path, "--from-beginning"]
        let inGroup = { (name: String) in
            common + ["--group", group, "--instance-id", name, "--assignment", "range"]
        }
        let isLong = ProcessInfo.processInfo.environment["STREAMGAUGE_LONG_TESTS"] != nil
        let rounds = isLong ? 200 : 12
        let queries = (0..<8).map { _ in (UUID(), UUID()) }
        let producer = try KafkaProducer(configuration)
        var random = Random(state: 5)
        var members = [try Member(inGroup("a")), try Member(inGroup("b"))]
        let names = ["a", "b"]
        for round in 0..<rounds {
            for (query, run) in queries {
                for batch in (round * 20)..<(round * 20 + 20) {
                    try producer.send(progress(query, run, topic, batch: batch))
                    let earlier = Int.random(in: 0...batch, using: &random)
                    try producer.send(progress(query, run, topic, batch: earlier))
                }
            }
            try await producer.flush()
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...500, using: &random)))
            let index = Int.random(in: 0...1, using: &random)
            members[index].kill()
            members[index] = try Member(inGroup(names[index]))
        }
        await producer.close()
        for member in members { member.kill() }
        // The members have done some of it, and not only the reader that comes after them.
        let byMembers = try MetricsStore(path: path).counts().events
        #expect(byMembers > 0)
        #expect(try Member(common + ["--until-end"]).wait() == 0)
        let store = try MetricsStore(path: path)
        #expect(try store.counts().events == queries.count * rounds * 20)
        #expect(try store.gaps().isEmpty)
        #expect(try store.counts().lostRanges == 0)
    }
}
