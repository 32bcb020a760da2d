import Foundation
import StreamingMetrics
import Testing

@testable import Monitoring

/// When an event can have been sent, by its own words.
@Suite struct OwnTimeTests {
    private func time(_ duration: Int64) -> Int64? {
        StreamingQueryEvent.progress(
            QueryProgressEvent(
                progress: StreamingQueryProgress(
                    id: UUID(), runId: UUID(), name: nil,
                    timestamp: ProgressTimestamp(millisecondsSinceEpoch: 1_700_000_000_000), batchId: 1,
                    batchDuration: duration, numInputRows: 1, durationMs: [:], sink: SinkProgress(description: "noop")))
        ).ownTime?.millisecondsSinceEpoch
    }

    @Test func `a progress is told at the end of its trigger, and a duration beyond a year moves no clock`() {
        let year: Int64 = 366 * 86_400_000
        #expect(time(1500) == 1_700_000_001_500)
        #expect(time(-1) == 1_700_000_000_000 && time(.min) == 1_700_000_000_000)
        #expect(time(year) == 1_700_000_000_000 + year)
        #expect(time(year + 1) == 1_700_000_000_000 && time(.max) == 1_700_000_000_000)
    }
}
