import Kafka
import Logging
import StreamingMetrics
import Testing

@testable import MetricsTopic

/// What goes first when the disk has no room: nothing that is still needed.
@Suite struct FullDiskTests {
    private let clock = ManualDeliveryClock()
    private let client = ScriptedClient()
    private let disk = ScriptedDisk()

    /// A forwarder that has spooled and sent fifty events, in several files.
    private func pipeline() throws -> DeliveryPipeline {
        let pipeline = try DeliveryPipeline(
            DeliveryPipeline.Parts(
                configuration: KafkaConfiguration(bootstrapServers: "nowhere:1"), progressTopic: "p",
                lifecycleTopic: nil, limits: .init(), policy: .dropOldest,
                spool: SpoolOptions(directory: "", segmentBytes: 4096),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, onAlarm: { _ in }),
            disk: disk, clock: clock, bells: .init(wakeWriter: {}, wakeSender: {})
        ) { [client] _ in client }
        for batchId in 0..<50 as Range<Int64> {
            offer(batchId, to: pipeline)
            while pipeline.stepSender() == .zero {}
            clock.advance(.milliseconds(60))
        }
        #expect(disk.segmentNames.count > 3)
        return pipeline
    }

    private func offer(_ batchId: Int64, to pipeline: DeliveryPipeline) {
        _ = pipeline.offer(.progress(.sample(batchId: batchId)))
        _ = pipeline.stepWriter()
    }

    @Test func `a full disk costs no event while it has files in which everything is acknowledged`() throws {
        let pipeline = try pipeline()
        // Files behind one that waits are looked at once a second, which was just now.
        clock.advance(.seconds(2))
        _ = pipeline.stepWriter()
        client.acknowledgeAll(butFirst: 1)
        let names = disk.segmentNames
        disk.fail(.append, .noSpace)
        offer(50, to: pipeline)
        #expect(pipeline.statistics == ForwardingStatistics(offered: 51, acknowledged: 49, spooled: 2))
        #expect(disk.segmentNames.first == names.first && disk.segmentNames.count < names.count)
    }

    @Test func `the file that is appended to goes as well, when the others are needed`() throws {
        let pipeline = try pipeline()
        // Of each file but the last one an event waits.
        let last = try #require(disk.segmentNames.last.flatMap { SpoolFormat.firstPosition(fileName: $0) })
        client.acknowledgeAll(butFirst: Int(last))
        let names = disk.segmentNames
        disk.fail(.append, .noSpace)
        offer(50, to: pipeline)
        #expect(pipeline.statistics.droppedTotal == 0 && pipeline.statistics.spooled == Int(last) + 1)
        #expect(disk.segmentNames == names.dropLast() + [SpoolFormat.fileName(first: 50)])
    }

    @Test func `where settled files cannot be deleted the oldest goes, and memory keeps its events`() throws {
        let pipeline = try pipeline()
        clock.advance(.seconds(2))
        _ = pipeline.stepWriter()
        client.acknowledgeAll(butFirst: 1)
        let names = disk.segmentNames
        disk.fail(.append, .noSpace)
        disk.fail(.delete)
        offer(50, to: pipeline)
        #expect(
            pipeline.statistics == ForwardingStatistics(offered: 51, acknowledged: 49, buffered: 1, spooled: 1))
        #expect(!disk.segmentNames.contains(names[0]))
    }
}
