import FoundationEssentials
import Kafka
import Logging
import StreamingMetrics
import Synchronization
import Testing

@testable import MetricsTopic

/// What the simulator found, each told in a few steps.
@Suite struct SpoolFaultTests {
    /// Takes every record and reports nothing by itself.
    private final class SilentClient: DeliveryClient {
        let sent = Mutex<[UInt]>([])
        let values = Mutex<[[UInt8]]>([])
        let maximumValueBytes = 100_000
        let fatalError: KafkaError? = nil

        func produce(_ record: borrowing OutgoingRecord, token: UInt) throws(KafkaError) {
            let value = Array(record.value)
            sent.withLock { $0.append(token) }
            values.withLock { $0.append(value) }
        }

        func meet(_ topics: [String]) {}
        func examine(_ topics: [String]) -> KafkaError? { nil }
        func close(within time: Duration) -> Bool { true }
    }

    private struct Maker: DeliveryClientMaker {
        let client: SilentClient

        func makeClient(
            _ configuration: KafkaConfiguration, _ handlers: DeliveryHandlers
        ) throws(KafkaError) -> any DeliveryClient { client }
    }

    private let clock = ManualDeliveryClock()
    private let client = SilentClient()

    private func pipeline(
        _ disk: ScriptedDisk, memoryBytes: Int = 1 << 20, segmentBytes: Int = 4096, maximumBytes: Int = 1 << 20,
        policy: KafkaMetrics.FullPolicy = .dropOldest
    ) throws -> DeliveryPipeline {
        try DeliveryPipeline(
            DeliveryPipeline.Parts(
                configuration: KafkaConfiguration(bootstrapServers: "nowhere:1"), progressTopic: "p",
                lifecycleTopic: nil,
                limits: .init(memoryBytes: memoryBytes), policy: policy,
                spool: SpoolOptions(directory: "", maximumBytes: maximumBytes, segmentBytes: segmentBytes),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, onAlarm: { _ in }),
            disk: disk, clock: clock, bells: .init(wakeWriter: {}, wakeSender: {})
        ) { _ in Maker(client: client) }
    }

    private func offer(_ range: Range<Int64>, to pipeline: DeliveryPipeline) {
        for batchId in range { _ = pipeline.offer(.progress(.sample(batchId: batchId))) }
    }

    private func recovered(_ disk: ScriptedDisk) throws -> Int { try SpoolRecovery(disk: disk).eventCount }

    @Test func `what the ring holds at the end goes to the disk, and is not given up because the memory is small`()
        throws
    {
        let disk = ScriptedDisk()
        let pipeline = try pipeline(disk, memoryBytes: 4096)
        offer(0..<600, to: pipeline)
        pipeline.finishWriting()
        #expect(pipeline.statistics == ForwardingStatistics(offered: 600, spooled: 600))
        #expect(try recovered(disk) == 600)
    }

    @Test func `a sync that fails at the end is tried once more`() throws {
        let disk = ScriptedDisk()
        let pipeline = try pipeline(disk)
        offer(0..<3, to: pipeline)
        disk.fail(.sync)
        pipeline.finishWriting()
        #expect(pipeline.statistics == ForwardingStatistics(offered: 3, spooled: 3))
        #expect(try recovered(disk) == 3)
    }

    @Test func `events of a full file that cannot be synced count as in memory, and go to another file`() throws {
        let disk = ScriptedDisk()
        let pipeline = try pipeline(disk)
        for batchId in 0..<7 as Range<Int64> {
            offer(batchId..<batchId + 1, to: pipeline)
            _ = pipeline.stepWriter()
        }
        #expect(pipeline.statistics.spooled == 7)
        disk.fail(.sync)
        for batchId in 7..<20 as Range<Int64> where pipeline.statistics.buffered == 0 {
            offer(batchId..<batchId + 1, to: pipeline)
            _ = pipeline.stepWriter()
        }
        let counts = pipeline.statistics
        #expect(counts.buffered > 1)
        #expect(try recovered(disk) == counts.spooled)
        clock.advance(.seconds(2))
        _ = pipeline.stepWriter()
        #expect(pipeline.statistics == ForwardingStatistics(offered: counts.offered, spooled: counts.offered))
        #expect(try recovered(disk) == counts.offered)
    }

    @Test func `a file that cannot be cut back is synced before another one begins`() throws {
        let disk = ScriptedDisk()
        let pipeline = try pipeline(disk, segmentBytes: 1 << 20)
        offer(0..<1, to: pipeline)
        _ = pipeline.stepWriter()
        offer(1..<2, to: pipeline)
        disk.fail(.append)
        disk.fail(.truncate)
        _ = pipeline.stepWriter()
        clock.advance(.seconds(2))
        // Were it not synced, the failure would strike the second file.
        disk.fail(.sync)
        _ = pipeline.stepWriter()
        #expect(pipeline.statistics.buffered == 2)
        clock.advance(.seconds(2))
        _ = pipeline.stepWriter()
        #expect(pipeline.statistics == ForwardingStatistics(offered: 2, spooled: 2))
    }

    @Test func `a batch of events fits into a small spool`() throws {
        let disk = ScriptedDisk()
        let pipeline = try pipeline(disk, segmentBytes: 4096, maximumBytes: 16384, policy: .dropNewest)
        offer(0..<250, to: pipeline)
        _ = pipeline.stepWriter()
        #expect(pipeline.statistics.spooled > 10)
        #expect(disk.segmentNames.count > 1)
    }

    @Test(arguments: [KafkaMetrics.FullPolicy.dropOldest, .dropNewest])
    func `an event larger than the whole spool costs no other, and goes from memory`(
        policy: KafkaMetrics.FullPolicy
    ) throws {
        let disk = ScriptedDisk()
        let pipeline = try pipeline(disk, segmentBytes: 4096, maximumBytes: 8192, policy: policy)
        offer(0..<3, to: pipeline)
        _ = pipeline.stepWriter()
        let large = String(repeating: "x", count: 20_000)
        _ = pipeline.offer(.progress(.sample(batchId: 3, description: large)))
        _ = pipeline.stepWriter()
        offer(4..<5, to: pipeline)
        _ = pipeline.stepWriter()
        #expect(pipeline.statistics == ForwardingStatistics(offered: 5, buffered: 1, spooled: 4))
        _ = pipeline.stepSender()
        #expect(client.sent.withLock { $0 } == [0, 1, 2, 3, 4])
        pipeline.stop(isOver: true)
        pipeline.finishWriting()
        #expect(try recovered(disk) == 4)
    }

    @Test func `events larger than the whole spool give way to newer ones when the memory is full`() throws {
        let pipeline = try pipeline(ScriptedDisk(), memoryBytes: 50_000, segmentBytes: 4096, maximumBytes: 8192)
        let large = String(repeating: "x", count: 20_000)
        for batchId in 0..<10 as Range<Int64> {
            _ = pipeline.offer(.progress(.sample(batchId: batchId, description: large)))
            _ = pipeline.stepWriter()
            #expect(pipeline.load.bytes <= 50_000 && pipeline.statistics.isBalanced)
        }
        #expect(pipeline.statistics == ForwardingStatistics(offered: 10, buffered: 2, dropped: [.spoolFull: 8]))
    }

    @Test func `events given up for room are dropped by the spool, not by its disk`() throws {
        let disk = ScriptedDisk()
        let pipeline = try pipeline(disk, memoryBytes: 4096, segmentBytes: 4096, maximumBytes: 8192)
        for batchId in 0..<100 as Range<Int64> {
            offer(batchId..<batchId + 1, to: pipeline)
            _ = pipeline.stepWriter()
            clock.advance(.milliseconds(50))
        }
        #expect(Set(pipeline.statistics.dropped.keys) == [.spoolFull])
        #expect(try recovered(disk) == pipeline.statistics.spooled)
    }

    /// One event may wait for a right for days while any number of others come and go.
    @Test func `files far behind one that waits are taken up by the next process, and nothing of them is damaged`()
        throws
    {
        let far: UInt64 = 1 << 40
        let disk = ScriptedDisk(files: [
            SpoolFormat.fileName(first: 0): SpoolSegmentReaderTests.file([0]),
            SpoolFormat.fileName(first: far): SpoolSegmentReaderTests.file([far, far + 1]),
        ])
        let pipeline = try pipeline(disk)
        #expect(pipeline.statistics == ForwardingStatistics(recovered: 3, spooled: 3))
        _ = pipeline.stepSender()
        #expect(client.sent.withLock { $0 } == [0, UInt(far), UInt(far) + 1])
        #expect(try SpoolRecovery(disk: disk, readOnly: true).damages.isEmpty)
    }

    @Test func `a position that no spool ever has is damage, and no sum with it overflows`() throws {
        let last = UInt64.max - 1
        let disk = ScriptedDisk(files: [
            SpoolFormat.fileName(first: last): SpoolSegmentReaderTests.file([last]),
            SpoolFormat.cursorName: SpoolCursor.bytes(last),
        ])
        let pipeline = try pipeline(disk)
        offer(0..<2, to: pipeline)
        pipeline.finishWriting()
        #expect(pipeline.statistics == ForwardingStatistics(offered: 2, spooled: 2))
        #expect(try recovered(disk) == 2)
    }

    @Test func `after a long time without the disk a file of its own begins, of which all is read again`() throws {
        let disk = ScriptedDisk()
        var spool = Spool(disk: disk, options: SpoolOptions(directory: ""), recovered: [], cursor: 0)
        for first in [0, 1 << 30, (1 << 30) + 1] as [UInt64] {
            let file = try SpoolSegmentReader(SpoolSegmentReaderTests.file([first]), name: "", first: nil).block
            var bytes = file.bytes
            bytes.removeFirst(SpoolFormat.fileHeaderSize)
            let block = FrameBlock(bytes: bytes, positions: [first], starts: [0])
            if spool.mustSync(before: block) { try spool.sync() }
            try spool.append(block)
        }
        #expect(disk.segmentNames == [0, 1 << 30].map { SpoolFormat.fileName(first: $0) })
        #expect(try recovered(disk) == 3)
    }

    /// The process before was killed before it synced: what it wrote is in the system's memory only.
    @Test func `what a killed process left is synced before it counts as spooled`() throws {
        let disk = ScriptedDisk(files: [
            SpoolFormat.fileName(first: 0): SpoolSegmentReaderTests.file([0, 1]),
            SpoolFormat.fileName(first: 2): SpoolSegmentReaderTests.file([2, 3]),
        ])
        #expect(disk.unsynced.count == 3)
        let pipeline = try pipeline(disk)
        #expect(pipeline.statistics == ForwardingStatistics(recovered: 4, spooled: 4))
        #expect(disk.unsynced.isEmpty)
    }

    @Test(arguments: [ScriptedDisk.Operation.sync, .syncFolder])
    func `what cannot be synced is the start's error, and the next start goes on`(operation: ScriptedDisk.Operation)
        throws
    {
        let disk = ScriptedDisk(files: [SpoolFormat.fileName(first: 0): SpoolSegmentReaderTests.file([0, 1])])
        disk.fail(operation)
        #expect(throws: SpoolError.self) { try pipeline(disk) }
        #expect(try pipeline(disk).statistics.spooled == 2)
    }

    @Test func `a look into a spool syncs nothing`() throws {
        let disk = ScriptedDisk(files: [SpoolFormat.fileName(first: 0): SpoolSegmentReaderTests.file([0, 1])])
        #expect(try SpoolRecovery(disk: disk, readOnly: true).eventCount == 2)
        #expect(disk.unsynced.count == 2)
    }

    /// A loss of power can undo that a file was cut.
    @Test func `what stands in a file behind the beginning of the next one does not count, and is not sent`() throws {
        let (cut, next) = (
            SpoolSegmentReaderTests.file([0, 1, 2, 3]), SpoolSegmentReaderTests.file([2, 3, 4], sink: "x")
        )
        let disk = ScriptedDisk(files: [SpoolFormat.fileName(first: 0): cut, SpoolFormat.fileName(first: 2): next])
        let pipeline = try pipeline(disk)
        #expect(pipeline.statistics.recovered == 5)
        _ = pipeline.stepSender()
        #expect(client.sent.withLock { $0 } == [0, 1, 2, 3, 4])
        let sinks = client.values.withLock { $0 }.map { String(decoding: $0, as: UTF8.self).contains("\"x\"") }
        #expect(sinks == [false, false, true, true, true])
    }
}
