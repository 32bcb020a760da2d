import Foundation
import Glibc
import Kafka
import KafkaTesting
import StreamingMetrics
import Testing

@testable import MetricsTopic

@Suite struct SpooledForwardingTests {
    /// A folder that goes with the test.
    private final class Folder {
        let path = "/tmp/streamgauge-spool-\(UUID().uuidString)"
        var files: [String] {
            (try? FileManager.default.contentsOfDirectory(atPath: path))?.filter { $0.hasSuffix(".spool") }.sorted()
                ?? []
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func cluster() throws -> MockCluster {
        let cluster = try MockCluster()
        for topic in [TopicContract.progressTopic, TopicContract.lifecycleTopic] { try cluster.createTopic(topic) }
        return cluster
    }

    private func batches(_ cluster: MockCluster) async throws -> [Int64] {
        var consumer = MetricsConsumer(
            configuration: cluster.configuration, start: .beginning, stopsAtEnd: true)
        consumer.deduplicates = false
        var batches: [Int64] = []
        for try await progress in consumer.progress { batches.append(progress.batchId ?? -1) }
        return batches
    }

    private static let nowhere = KafkaConfiguration(bootstrapServers: "127.0.0.1:1")

    @Test func `what one forwarder leaves in the spool, the next one sends first and in order`() async throws {
        let folder = Folder()
        let runId = UUID()
        let first = try KafkaMetrics(configuration: Self.nowhere, spool: SpoolOptions(directory: folder.path))
        for batch in 0..<20 { first.onQueryProgress(.sample(runId: runId, batchId: Int64(batch))) }
        let left = await first.stop(deadline: .now)
        #expect(left.statistics == ForwardingStatistics(offered: 20, spooled: 20))
        #expect(left.description == "0 of 20 events delivered, 20 spooled in \(folder.path)")

        let cluster = try cluster()
        let second = try KafkaMetrics(
            configuration: cluster.configuration, spool: SpoolOptions(directory: folder.path))
        second.onQueryProgress(.sample(runId: runId, batchId: 20))
        #expect(try await second.flush())
        let summary = await second.stop()
        #expect(summary.statistics == ForwardingStatistics(offered: 1, recovered: 20, acknowledged: 21))
        #expect(try await batches(cluster) == Array(0...20))
        #expect(folder.files.isEmpty)
    }

    @Test func `a spool that billions of events went through gives what is in it, as a new one does`() async throws {
        let folder = Folder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let position: UInt64 = 5_000_000_000
        try Data(SpoolCursor.bytes(position)).write(
            to: URL(filePath: folder.path).appending(path: SpoolFormat.cursorName))
        let runId = UUID()
        let first = try KafkaMetrics(
            configuration: Self.nowhere, spool: SpoolOptions(directory: folder.path, segmentBytes: 4096))
        for batch in 0..<50 { first.onQueryProgress(.sample(runId: runId, batchId: Int64(batch))) }
        await first.stop(deadline: .now)
        #expect(folder.files.count > 2)
        #expect(folder.files.first.flatMap { SpoolFormat.firstPosition(fileName: $0) } == position)
        #expect(try SpoolInspection(directory: folder.path).events == 50)

        let cluster = try cluster()
        let second = try KafkaMetrics(
            configuration: cluster.configuration, spool: SpoolOptions(directory: folder.path))
        #expect(try await second.flush())
        let summary = await second.stop()
        #expect(summary.statistics == ForwardingStatistics(offered: 0, recovered: 50, acknowledged: 50))
        #expect(try await batches(cluster) == Array(0..<50))
    }

    @Test func `an event is spooled while it waits, and its file goes when it is acknowledged`() async throws {
        let folder = Folder()
        let cluster = try cluster()
        try cluster.setDown(broker: 1)
        let metrics = try KafkaMetrics(
            configuration: cluster.configuration, spool: SpoolOptions(directory: folder.path, segmentBytes: 4096))
        for batch in 0..<50 { try await metrics.send(.progress(.sample(batchId: Int64(batch)))) }
        while metrics.statistics.spooled < 50 { try await Task.sleep(for: .milliseconds(1)) }
        #expect(folder.files.count > 2)
        #expect(try SpoolInspection(directory: folder.path).events == 50)
        try cluster.setUp(broker: 1)
        #expect(try await metrics.flush())
        while folder.files.count > 1 { try await Task.sleep(for: .milliseconds(1)) }
        await metrics.stop()
        #expect(try SpoolInspection(directory: folder.path).events == 0)
    }

    @Test func `a spool that is in use is refused by name, and free when its forwarder has ended`() async throws {
        let folder = Folder()
        let metrics = try KafkaMetrics(configuration: Self.nowhere, spool: SpoolOptions(directory: folder.path))
        let error = #expect(throws: SpoolError.self) {
            try KafkaMetrics(configuration: Self.nowhere, spool: SpoolOptions(directory: folder.path))
        }
        #expect(error?.code == .inUse)
        #expect(error?.message.contains(folder.path) == true && error?.message.contains("\(getpid())") == true)
        #expect(try SpoolInspection(directory: folder.path).holder == .process(Int(getpid())))
        await metrics.stop(deadline: .now)
        while (try? KafkaMetrics(configuration: Self.nowhere, spool: SpoolOptions(directory: folder.path))) == nil {
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// F10: the declared policy, exact to the record.
    @Test(arguments: [KafkaMetrics.FullPolicy.dropOldest, .dropNewest])
    func `F10 a full spool gives up by its policy, and every event is in one count`(
        policy: KafkaMetrics.FullPolicy
    ) async throws {
        let folder = Folder()
        let metrics = try KafkaMetrics(
            configuration: Self.nowhere,
            spool: SpoolOptions(directory: folder.path, maximumBytes: 16_384, segmentBytes: 4096),
            limits: .init(memoryBytes: 4096), onFull: policy)
        let runId = UUID()
        for batch in 0..<300 {
            metrics.onQueryProgress(.sample(runId: runId, batchId: Int64(batch)))
            #expect(metrics.statistics.isBalanced)
            // One at a time, so that files and not single blocks are what is full.
            while metrics.statistics.buffered > 5, batch < 20 { try await Task.sleep(for: .milliseconds(1)) }
        }
        let summary = await metrics.stop(deadline: .now + .seconds(2))
        #expect(summary.statistics.isBalanced)
        #expect(summary.statistics.buffered == 0)
        #expect(summary.statistics.spooled > 0)
        #expect(summary.undelivered == 300 - summary.statistics.spooled)
        let run = try #require(try SpoolInspection(directory: folder.path).runs.first)
        #expect(run.events == summary.statistics.spooled)
        switch policy {
        case .dropOldest: #expect(run.sequences.upperBound == 299)
        case .dropNewest: #expect(run.sequences.lowerBound == 0)
        }
        #expect(try SpoolInspection(directory: folder.path).bytes <= 16_384)
    }

    /// A loss of power can bring back what was cut off a file and stands in the next one.
    @Test func `a look into a spool counts what would be sent, also where files overlap`() async throws {
        let folder = Folder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        for (first, positions, sink) in [(0, [0, 1, 2, 3], "a"), (2, [2, 3, 4], "b")] as [(UInt64, [UInt64], String)] {
            let file = Data(SpoolSegmentReaderTests.file(positions, sink: sink))
            try file.write(to: URL(filePath: "\(folder.path)/\(SpoolFormat.fileName(first: first))"))
        }
        let looked = try SpoolInspection(directory: folder.path).events
        let cluster = try cluster()
        let metrics = try KafkaMetrics(
            configuration: cluster.configuration, spool: SpoolOptions(directory: folder.path))
        #expect(try await metrics.flush())
        #expect(await metrics.stop().statistics.acknowledged == looked)
        #expect(looked == 5)
    }

    @Test func `new settings replace the client, and what waits is sent with them`() async throws {
        let cluster = try cluster()
        let metrics = try KafkaMetrics(configuration: Self.nowhere)
        let runId = UUID()
        for batch in 0..<10 { metrics.onQueryProgress(.sample(runId: runId, batchId: Int64(batch))) }
        #expect(try await !metrics.flush(timeout: .milliseconds(200)))
        try metrics.reconfigure(cluster.configuration)
        #expect(try await metrics.flush())
        let summary = await metrics.stop()
        #expect(
            summary.statistics == ForwardingStatistics(offered: 10, acknowledged: 10, clientsReplaced: 1))
        #expect(try await batches(cluster) == Array(0..<10))
    }

    @Test func `settings of which no client can be made leave the old one at work`() async throws {
        let cluster = try cluster()
        let metrics = try KafkaMetrics(configuration: cluster.configuration)
        let runId = UUID()
        metrics.onQueryProgress(.sample(runId: runId, batchId: 0))
        #expect(try await metrics.flush())
        var wrong = cluster.configuration
        wrong.properties["linger.ms"] = "soon"
        let error = #expect(throws: KafkaError.self) { try metrics.reconfigure(wrong) }
        #expect(error?.message.contains("linger.ms") == true)
        for batch in 1..<10 { metrics.onQueryProgress(.sample(runId: runId, batchId: Int64(batch))) }
        #expect(try await metrics.flush())
        #expect(await metrics.stop().statistics == ForwardingStatistics(offered: 10, acknowledged: 10))
        #expect(throws: KafkaError.self) { try metrics.reconfigure(cluster.configuration) }
        #expect(try await batches(cluster) == Array(0..<10))
    }

    @Test func `an event too large for the broker is kept whole in the quarantine`() async throws {
        let folder = Folder()
        let cluster = try cluster()
        let metrics = try KafkaMetrics(
            configuration: cluster.configuration, spool: SpoolOptions(directory: folder.path))
        let event = QueryProgressEvent.sample(batchId: 0, description: String(repeating: "x", count: 1_200_000))
        metrics.onQueryProgress(event)
        #expect(await metrics.stop().statistics.shortened == 1)
        let kept = try SpoolInspection(directory: folder.path).quarantined
        let name = try #require(kept.first)
        let bytes = try Data(contentsOf: URL(filePath: "\(folder.path)/quarantine/\(name)"))
        #expect(Array(bytes) == Array(event.progress.json.utf8))
    }

    @Test func `a damaged file costs the events that were hit, is named, and a copy is kept`() async throws {
        let folder = Folder()
        let first = try KafkaMetrics(configuration: Self.nowhere, spool: SpoolOptions(directory: folder.path))
        for batch in 0..<10 { first.onQueryProgress(.sample(batchId: Int64(batch))) }
        await first.stop(deadline: .now)
        let file = "\(folder.path)/\(try #require(folder.files.first))"
        var bytes = Array(try Data(contentsOf: URL(filePath: file)))
        bytes[bytes.count / 2] ^= 1
        try Data(bytes).write(to: URL(filePath: file))
        let damage = try #require(try SpoolInspection(directory: folder.path).damages.first)
        #expect(damage.file == file && damage.events == 1)

        let cluster = try cluster()
        let alarms = Monitor<[ForwardingAlarm]>([])
        let second = try KafkaMetrics(
            configuration: cluster.configuration, spool: SpoolOptions(directory: folder.path),
            onAlarm: { alarm in alarms.withLock { $0.append(alarm) } })
        #expect(await second.stop().statistics == ForwardingStatistics(recovered: 9, acknowledged: 9))
        #expect(alarms.withLock { $0 }.contains { $0 == .damaged([damage]) })
        #expect(
            try SpoolInspection(directory: folder.path).quarantined == [
                folder.path.isEmpty ? "" : String(file.split(separator: "/").last ?? "")
            ])
    }

    @Test(arguments: [false, true])
    func `events that are sent with waiting are all kept, however small ring, memory and spool are`(
        hasSpool: Bool
    ) async throws {
        let folder = Folder()
        let cluster = try cluster()
        try cluster.setDown(broker: 1)
        let metrics = try KafkaMetrics(
            configuration: cluster.configuration,
            spool: hasSpool ? SpoolOptions(directory: folder.path, maximumBytes: 8192, segmentBytes: 4096) : nil,
            limits: .init(bufferedEvents: 20, memoryBytes: 4096))
        async let sending: Void = {
            for batch in 0..<500 { try await metrics.send(.progress(.sample(batchId: Int64(batch)))) }
        }()
        // Ring, memory and spool fill up, and nothing is given up for that.
        while metrics.statistics.buffered < 20 { try await Task.sleep(for: .milliseconds(1)) }
        try cluster.setUp(broker: 1)
        try await sending
        let summary = await metrics.stop(deadline: .now + .seconds(30))
        #expect(summary.statistics == ForwardingStatistics(offered: 500, acknowledged: 500))
        #expect(try await batches(cluster) == Array(0..<500))
    }

    /// F41: what a released version wrote is read by every later one.
    @Test func `F41 a spool of version 1 is read as it was written`() throws {
        let fixture = try #require(
            Bundle.module.url(forResource: "spool-v1", withExtension: nil, subdirectory: "Fixtures"))
        let inspection = try SpoolInspection(directory: fixture.path)
        #expect(inspection.damages.isEmpty)
        let run = try #require(inspection.runs.first)
        #expect(inspection.runs.count == 1)
        #expect(run.queryName == "golden" && run.events == 4 && run.sequences == 1...4)
        #expect(run.queryId.uuidString == "11111111-2222-3333-4444-555555555555")
    }
}
