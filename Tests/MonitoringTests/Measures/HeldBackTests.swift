import Monitoring
import StreamingMetrics
import Testing

/// Queries that have time to spare while a limit keeps them from reading what waits.
@Suite struct HeldBackTests {
    private let query = EventMaker()

    /// Batches of 3 s every 30 s, which read no more of two partitions than the limit together.
    private func monitor(_ count: Int, limit: Int64, arriving: (Int) -> Int64) -> QueryMonitor {
        var settings = MonitorSettings()
        settings.triggerInterval = .seconds(30)
        var monitor = QueryMonitor(id: query.id, settings: settings)
        var (end, latest): (Int64, Int64) = (0, 0)
        for number in 0..<count {
            latest += arriving(number) / 2
            let rows = min(limit / 2, latest - end)
            end += rows
            let source = EventMaker.kafka(end: [end, end], latest: [latest, latest], rows: 2 * rows)
            monitor.replay(
                query.batch(Int64(number), Double(number) * 30, takes: 3, rows: 2 * rows, sources: [source]))
        }
        return monitor
    }

    private func snapshot(_ monitor: QueryMonitor) -> QuerySnapshot { monitor.snapshot(at: EventMaker.time(0)) }

    @Test(arguments: [12, 60, 600]) func `a lag that grows under a limit is never caught up with`(count: Int) throws {
        let monitor = monitor(count, limit: 12_000) { _ in 24_000 }
        let lag = try #require(monitor.lags.first)
        #expect(lag.neverCatchesUp && lag.catchUpSeconds == nil)
        #expect(abs(try #require(lag.trendPerSecond) - 400) < 0.01)
        #expect(snapshot(monitor).catchUpSeconds == nil)
        let partitions = monitor.partitionLags(ofSource: 0)
        #expect(partitions.count == 2 && partitions.allSatisfy { $0.neverCatchesUp && $0.catchUpSeconds == nil })
    }

    @Test func `the verdict says that the limit holds it back, with figures, whatever phase is slow`() {
        let sizing = snapshot(monitor(60, limit: 12_000) { _ in 24_000 }).sizing
        #expect(sizing.kind == .underProvisioned)
        #expect(sizing.summary.hasPrefix("records wait and become more although it is idle between batches: "))
        #expect(
            sizing.advice == [
                "raise maxOffsetsPerTrigger or maxFilesPerTrigger: each batch takes less than the trigger has time for; "
                    + "in 30 s 24,000 records arrive and 12,000 are read, where 120,000 could be",
                "or shorten the trigger interval",
            ])
        let more = snapshot(monitor(60, limit: 12_000) { _ in 240_000 }).sizing
        #expect(more.advice.last == "and add workers: more arrives than can be processed")
    }

    @Test func `a burst that is worked off under the limit has a time`() {
        let burst = monitor(25, limit: 24_000) { $0 == 20 ? 100_000 : 12_000 }
        #expect(burst.lags.first?.records ?? 0 > 0)
        #expect(burst.lags.first?.neverCatchesUp == false && burst.lags.first?.catchUpSeconds ?? 0 > 0)
        #expect(burst.partitionLags(ofSource: 0).allSatisfy { !$0.neverCatchesUp })
    }

    @Test func `a query that reads all at each trigger has nothing to catch up with, however much comes`() {
        for count in 1...40 {
            let monitor = monitor(count, limit: 1_000_000) { $0 % 7 == 0 ? 300_000 : 6000 }
            #expect(monitor.lags.first?.catchUpSeconds == 0 && monitor.lags.first?.neverCatchesUp == false)
        }
    }
}
