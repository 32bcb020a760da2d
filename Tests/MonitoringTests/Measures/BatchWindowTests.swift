import Testing

@testable import Monitoring
@testable import StreamingMetrics

@Suite struct BatchWindowTests {
    private static func window(_ batches: Int) -> BatchWindow {
        var settings = MonitorSettings()
        settings.windowBatches = batches
        return BatchWindow(settings)
    }

    private static func batch(_ number: Int64, _ phases: MetricMap<Int64>) -> BatchWindow.Batch {
        BatchWindow.Batch(start: number * 1000, interval: 1000, duration: 400, rows: 10, phases: phases)
    }

    private static func shares(_ window: BatchWindow) -> [String: Double] {
        Dictionary(uniqueKeysWithValues: window.phases.map { ($0.phase, $0.meanSeconds) })
    }

    @Test func `phases that come later count from then on, and those that go leave nothing behind`() {
        var window = Self.window(3)
        window.add(Self.batch(0, ["addBatch": 300, "triggerExecution": 400]))
        window.add(Self.batch(1, ["addBatch": 300, "walCommit": 60, "triggerExecution": 400]))
        #expect(Self.shares(window) == ["addBatch": 0.3, "walCommit": 0.03])
        window.add(Self.batch(2, ["walCommit": 90, "latestOffset": 30, "triggerExecution": 400]))
        #expect(Self.shares(window) == ["addBatch": 0.2, "walCommit": 0.05, "latestOffset": 0.01])
        // Two more batches take the first two out.
        window.add(Self.batch(3, ["walCommit": 90, "triggerExecution": 400]))
        window.add(Self.batch(4, ["walCommit": 90, "triggerExecution": 400]))
        #expect(Self.shares(window) == ["walCommit": 0.09, "latestOffset": 0.01])
        #expect(window.count == 3)
    }

    @Test func `a window that has rolled on is the same as one that saw only its last batches`() {
        let names = ["addBatch", "walCommit", "latestOffset", "getBatch", "queryPlanning"]
        func phases(_ number: Int64) -> MetricMap<Int64> {
            var phases: MetricMap<Int64> = ["triggerExecution": 900]
            for (index, name) in names.enumerated() where (number + Int64(index)) % 3 != 0 {
                phases[name] = number * 7 + Int64(index)
            }
            return phases
        }
        var rolled = Self.window(16)
        for number in 0..<100 as Range<Int64> { rolled.add(Self.batch(number, phases(number))) }
        var fresh = Self.window(16)
        for number in 84..<100 as Range<Int64> { fresh.add(Self.batch(number, phases(number))) }
        #expect(Self.shares(rolled) == Self.shares(fresh))
        #expect(rolled.busyRatio == fresh.busyRatio && rolled.inputRowsPerSecond == fresh.inputRowsPerSecond)
    }

    @Test func `phases beyond the bound are in the whole alone`() throws {
        var phases: MetricMap<Int64> = [:]
        for number in 0..<40 { phases["phase\(number)"] = 10 }
        var window = Self.window(8)
        for number in 0..<5 as Range<Int64> { window.add(Self.batch(number, phases)) }
        #expect(window.phases.count == PhaseShare.maximumPhases)
        #expect(try #require(window.phases.first).share == 1.0 / 40)
    }

    @Test func `a clock that was set back begins the window anew`() {
        var window = Self.window(8)
        for number in 0..<5 as Range<Int64> { window.add(Self.batch(number, ["addBatch": 100])) }
        window.add(Self.batch(2, ["walCommit": 50]))
        #expect(window.count == 1 && Self.shares(window) == ["walCommit": 0.05])
    }
}
