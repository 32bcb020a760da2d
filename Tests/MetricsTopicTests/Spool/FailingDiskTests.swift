import FoundationEssentials
import Glibc
import Kafka
import Logging
import StreamingMetrics
import Testing

@testable import MetricsTopic

/// F11: every single operation of the disk fails once.
@Suite struct FailingDiskTests {
    private static let events = 40

    private func pipeline(
        _ disk: any SpoolDisk, _ client: ScriptedClient, _ clock: ManualDeliveryClock
    ) throws -> DeliveryPipeline {
        try DeliveryPipeline(
            DeliveryPipeline.Parts(
                configuration: KafkaConfiguration(bootstrapServers: "nowhere:1"), progressTopic: "t",
                lifecycleTopic: nil, limits: .init(), policy: .dropNewest,
                spool: SpoolOptions(directory: disk.path, maximumBytes: 1 << 20, segmentBytes: 4096),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, onAlarm: { _ in }),
            disk: disk, clock: clock, bells: .init(wakeWriter: {}, wakeSender: {})
        ) { _ in client }
    }

    /// One process: events come, some are acknowledged, and it stops.
    ///
    /// - Returns: Its last counts.
    private func live(
        _ disk: any SpoolDisk, _ client: ScriptedClient, events: Int, acknowledging: Bool
    ) throws -> ForwardingStatistics {
        let clock = ManualDeliveryClock()
        let pipeline = try pipeline(disk, client, clock)
        let runId = UUID()
        for index in 0..<max(events, 20) {
            if index < events { _ = pipeline.offer(.progress(.sample(runId: runId, batchId: Int64(index)))) }
            _ = pipeline.stepWriter()
            while pipeline.stepSender() == .zero {}
            if acknowledging, index % 7 == 0 { client.acknowledgeAll() }
            clock.advance(.milliseconds(60))
            #expect(pipeline.statistics.isBalanced)
        }
        if acknowledging { client.acknowledgeAll() }
        // The disk is asked again a second after it has refused.
        clock.advance(.seconds(2))
        _ = pipeline.stepWriter()
        pipeline.stop(isOver: true)
        pipeline.finishWriting()
        let statistics = pipeline.statistics
        #expect(statistics.isBalanced && statistics.buffered == 0)
        return statistics
    }

    @Test(arguments: [EIO, ENOSPC], [false, true])
    func `F11 whichever operation of the disk fails, no event is lost and the next process goes on`(
        code: Int32, acknowledging: Bool
    ) throws {
        var failing = 0
        while true {
            let path = "/tmp/streamgauge-failing-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: path) }
            let disk = FailingDisk(try LocalSpoolDisk(path: path), failing: failing, code: code)
            let first = try live(disk, ScriptedClient(), events: Self.events, acknowledging: acknowledging)
            #expect(first.droppedTotal == 0, "operation \(failing)")
            #expect(first.spooled == (acknowledging ? 0 : Self.events), "operation \(failing)")

            let client = ScriptedClient()
            let second = try live(try LocalSpoolDisk(path: path), client, events: 0, acknowledging: true)
            // A note of what was acknowledged that could not be written costs repetitions, and no loss.
            #expect(second.recovered >= first.spooled, "operation \(failing)")
            #expect(second.acknowledged == second.recovered, "operation \(failing)")
            if !acknowledging {
                #expect(client.sequences == (0..<Self.events).map(String.init), "operation \(failing)")
            }
            guard disk.hasFailed else { break }
            failing += 1
        }
        // Each append, each sync, each file made and deleted, each note.
        #expect(failing > 50)
    }
}
