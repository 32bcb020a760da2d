import Testing

@testable import Monitoring
@testable import StreamingMetrics

/// Batches that are longer than a part of the window, or than all of it.
@Suite struct LongBatchTests {
    private let query = EventMaker()

    /// Batches that take nearly all of the interval and read 10,000 of the records that arrive in it.
    private func snapshot(every interval: Double, arriving: Int64, count: Int64 = 12) -> QuerySnapshot {
        var monitor = QueryMonitor(id: query.id)
        var time = 0.0
        for number in 0..<count {
            let end = 10_000 * (number + 1)
            let source = EventMaker.kafka(end: [end], latest: [end + (arriving - 10_000) * number], rows: 10_000)
            monitor.replay(query.batch(number, time, takes: interval * 0.98, rows: 10_000, sources: [source]))
            time += interval
        }
        return monitor.snapshot(at: EventMaker.time(time))
    }

    @Test(arguments: [80.0, 120, 300, 600, 7200]) func `they have a verdict, and a lag that grows is never worked off`(
        interval: Double
    ) throws {
        let snapshot = snapshot(every: interval, arriving: 12_000)
        #expect(snapshot.state == .behind)
        #expect(snapshot.sizing.kind == .underProvisioned)
        let lag = try #require(snapshot.lags.first)
        #expect(abs(try #require(lag.inputRowsPerSecond) - 12_000 / interval) < 0.01)
        #expect(abs(try #require(lag.trendPerSecond) - 2000 / interval) < 0.01)
        #expect(lag.neverCatchesUp && snapshot.catchUpSeconds == nil)
    }

    @Test func `of batches of hours those of a day count`() {
        #expect(snapshot(every: 21_600, arriving: 12_000).sizing.kind != .unknown)
        #expect(snapshot(every: 43_200, arriving: 12_000).sizing.kind == .unknown)
    }

    private func window(_ starts: [Int64]) -> BatchWindow {
        var window = BatchWindow(MonitorSettings())
        for (before, start) in zip(starts, starts.dropFirst()) {
            window.add(
                BatchWindow.Batch(
                    start: start * 1000, interval: (start - before) * 1000, duration: 400, rows: 10, phases: [:]))
        }
        return window
    }

    @Test func `a window keeps no more than it needs, and nothing from before a gap`() {
        #expect(window((0...100).map { $0 * 10 }).count == 31)
        #expect(window((0...100).map { $0 * 60 }).count == 6)
        #expect(window((0...100).map { $0 * 120 }).count == SizingVerdict.minimumBatches)
        // A night, and a single long batch among short ones.
        #expect(window((0...100).map { $0 * 10 } + [29_800]).count == 1)
        #expect(window((0...100).map { $0 * 120 } + [41_800, 41_920]).count == 2)
    }

    @Test func `a trend keeps no more points than it needs, and none from before a gap`() {
        func trend(_ times: [Int64]) -> TrendWindow {
            var trend = TrendWindow(span: 300_000)
            for time in times { trend.add(Double(time), at: time * 1000) }
            return trend
        }
        #expect(trend((0...100).map { $0 * 60 }).points.count == 6)
        #expect(trend((0...100).map { $0 * 600 }).points.count == LookBack.points)
        #expect(trend((0...100).map { $0 * 10 } + [29_800]).points.count == 1)
        #expect(trend([0, 600, 1200]).slopePerSecond() == 1)
        // The first gap cannot be told from the ones to come; the second tells.
        #expect(trend([0, 600, 601]).points.map(\.time) == [600_000, 601_000])
    }
}
