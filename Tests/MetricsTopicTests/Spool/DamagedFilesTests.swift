import Foundation
import Kafka
import Logging
import StreamingMetrics
import Testing

@testable import MetricsTopic

/// Spool files that are not as they were written, found at the start and behind a running forwarder's back.
@Suite struct DamagedFilesTests {
    private final class Folder {
        let path = "/tmp/streamgauge-damaged-\(UUID().uuidString)"
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ first: UInt64, _ bytes: [UInt8]) throws {
            try Data(bytes).write(to: URL(filePath: "\(path)/\(SpoolFormat.fileName(first: first))"))
        }
        var names: Set<String> { Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []) }
    }

    private func name(_ first: UInt64) -> String { SpoolFormat.fileName(first: first) }

    // MARK: At the start

    /// One good file, one with another header, and one that was just being made.
    private func damaged() throws -> Folder {
        let folder = try Folder()
        try folder.write(0, SpoolSegmentReaderTests.file([0, 1]))
        var foreign = SpoolSegmentReaderTests.file([2, 3])
        foreign[0] ^= 1
        try folder.write(2, foreign)
        try folder.write(4, Array(SpoolSegmentReaderTests.file([4]).prefix(10)))
        return folder
    }

    @Test func `a file that is none of ours goes to the quarantine whole, and one that was being made goes`() throws {
        let folder = try damaged()
        let disk = try LocalSpoolDisk(path: folder.path)
        let recovery = try SpoolRecovery(disk: disk)
        #expect(recovery.positions == [0...1])
        #expect(recovery.damages.map(\.file) == ["\(folder.path)/\(name(2))"])
        #expect(recovery.damages.first?.description.contains("bytes are damaged: ") == true)
        #expect(folder.names == [".lock", name(0), "quarantine"])
        #expect(try disk.listQuarantine() == [name(2)])
    }

    @Test(arguments: [1000, 1 << 40, UInt64.max] as [UInt64])
    func `a file whose name says a later position than its events have is kept aside, and told`(named: UInt64) throws {
        let folder = try Folder()
        try folder.write(0, SpoolSegmentReaderTests.file([0, 1]))
        try folder.write(named, SpoolSegmentReaderTests.file([2, 3]))
        let disk = try LocalSpoolDisk(path: folder.path)
        let recovery = try SpoolRecovery(disk: disk)
        #expect(recovery.positions == [0...1])
        #expect(recovery.damages.map(\.file) == ["\(folder.path)/\(name(named))"])
        #expect(try disk.listQuarantine() == [name(named)])
    }

    @Test func `who only looks is told the same, and changes nothing`() throws {
        let folder = try damaged()
        let looked = try SpoolInspection(directory: folder.path)
        #expect((looked.events, looked.files, looked.damages.count) == (2, 1, 1))
        #expect(folder.names == [name(0), name(2), name(4)])
    }

    @Test func `a file that cannot be put into the quarantine ends the start with the reason, and stays`() throws {
        let folder = try damaged()
        try Data().write(to: URL(filePath: "\(folder.path)/quarantine"))
        let disk = try LocalSpoolDisk(path: folder.path)
        let error = #expect(throws: SpoolError.self) { try SpoolRecovery(disk: disk) }
        #expect(error?.message.contains("quarantine") == true)
        #expect(folder.names.contains(name(2)))
    }

    @Test func `a file that is delivered and deleted while somebody looks counts as delivered`() throws {
        let disk = ScriptedDisk(files: [
            name(0): SpoolSegmentReaderTests.file([0]), name(1): SpoolSegmentReaderTests.file([1]),
        ])
        disk.fail(.read, .notFound)
        #expect(try SpoolRecovery(disk: disk, readOnly: true).positions == [1...1])
        disk.fail(.read, .notFound)
        #expect(throws: SpoolError.self) { try SpoolRecovery(disk: disk) }
    }

    // MARK: Behind a forwarder's back

    private let clock = ManualDeliveryClock()
    private let client = ScriptedClient()
    private let disk = ScriptedDisk()

    /// A forwarder with twenty events in several files, of which memory has but the last ones.
    private func pipeline() throws -> DeliveryPipeline {
        let pipeline = try DeliveryPipeline(
            DeliveryPipeline.Parts(
                configuration: KafkaConfiguration(bootstrapServers: "nowhere:1"), progressTopic: "p",
                lifecycleTopic: nil, limits: .init(memoryBytes: 1000), policy: .dropOldest,
                spool: SpoolOptions(directory: "", segmentBytes: 4096),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, onAlarm: { _ in }),
            disk: disk, clock: clock, bells: .init(wakeWriter: {}, wakeSender: {})
        ) { [client] _ in client }
        for batchId in 0..<20 as Range<Int64> {
            _ = pipeline.offer(.progress(.sample(batchId: batchId)))
            _ = pipeline.stepWriter()
            clock.advance(.milliseconds(60))
        }
        #expect(pipeline.statistics == ForwardingStatistics(offered: 20, spooled: 20))
        return pipeline
    }

    private func sendAll(_ pipeline: DeliveryPipeline) {
        while pipeline.stepSender() == .zero {}
        client.acknowledgeAll()
    }

    @Test func `an event whose bytes were changed is dropped as damaged, and the others are sent`() throws {
        let pipeline = try pipeline()
        let first = try #require(disk.segmentNames.first)
        var bytes = try #require(disk.files[first])
        bytes[bytes.count - 20] ^= 1
        try disk.overwrite(first, bytes)
        sendAll(pipeline)
        #expect(pipeline.statistics == ForwardingStatistics(offered: 20, acknowledged: 19, dropped: [.damaged: 1]))
    }

    @Test func `a file that somebody deleted costs its events and no other, and they are counted`() throws {
        let pipeline = try pipeline()
        let first = try #require(disk.segmentNames.first)
        let lost = try SpoolSegmentReader(try #require(disk.files[first]), name: first, first: 0).block.positions.count
        try disk.delete(first)
        sendAll(pipeline)
        let counts = pipeline.statistics
        #expect(counts == ForwardingStatistics(offered: 20, acknowledged: 20 - lost, dropped: [.spoolFull: lost]))
    }

    @Test func `a file that cannot be read for a while is read again, and its events keep their order`() throws {
        let pipeline = try pipeline()
        disk.fail(.read)
        sendAll(pipeline)
        #expect(pipeline.statistics.acknowledged == 0)
        clock.advance(.seconds(1))
        sendAll(pipeline)
        #expect(pipeline.statistics == ForwardingStatistics(offered: 20, acknowledged: 20))
        #expect(client.sequences == client.sequences.sorted { (Int($0) ?? 0) < (Int($1) ?? 0) })
    }
}
