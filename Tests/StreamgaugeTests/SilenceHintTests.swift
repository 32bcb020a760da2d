import Foundation
import Monitoring
import StreamingMetrics
import Synchronization
import Testing

@testable import streamgauge

@Suite struct SilenceHintTests {
    private static let ids = [UUID(), UUID()]

    private func progress(of id: UUID, _ batch: Int64, rows: Int64 = 10) -> StreamingQueryEvent {
        .progress(
            QueryProgressEvent(
                progress: StreamingQueryProgress(
                    id: id, runId: id, name: "orders",
                    timestamp: ProgressTimestamp(millisecondsSinceEpoch: batch * 1000),
                    batchId: batch, batchDuration: 100, numInputRows: rows,
                    durationMs: rows > 0 ? ["addBatch": 80, "triggerExecution": 100] : ["triggerExecution": 5],
                    sink: SinkProgress(description: "noop"))))
    }

    /// What is said of two queries that fall silent.
    private func hints(_ settings: MonitorSettings, _ events: (UUID) -> [StreamingQueryEvent]) -> [String] {
        let said = Mutex<[String]>([])
        let hint = SilenceHint { text in said.withLock { $0.append(text) } }
        var fleet = QueryFleet(settings: settings)
        for id in Self.ids {
            for (second, event) in events(id).enumerated() {
                let time = MonitorTime(millisecondsSinceEpoch: Int64(second) * 1000 + 100)
                hint.take(event, at: time, queryName: nil, changes: fleet.take(event, at: time, queryName: nil))
            }
        }
        hint.take(fleet.advance(to: MonitorTime(millisecondsSinceEpoch: 300_000)))
        return said.withLock { $0 }
    }

    @Test func `a silence that may be idleness is told once, with what can be done about it`() {
        let hints = hints(MonitorSettings()) { id in (0..<20).map { progress(of: id, $0) } }
        #expect(hints.count == 1)
        #expect(hints.first?.contains("--silence-is-stall") == true && hints.first?.hasSuffix("\n") == true, "\(hints)")
        #expect(Self.ids.contains { hints.first?.contains($0.uuidString.lowercased()) == true })
    }

    @Test func `nothing is said where a silence is a stall, or too few triggers are known`() {
        var told = MonitorSettings()
        told.stallsWithoutIdleEvents = true
        #expect(hints(told) { id in (0..<20).map { progress(of: id, $0) } } == [])
        #expect(
            hints(MonitorSettings()) { id in (0..<19).map { progress(of: id, $0) } + [progress(of: id, 19, rows: 0)] }
                == [])
        #expect(hints(MonitorSettings()) { id in [progress(of: id, 0)] } == [])
    }
}
