import Foundation
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Testing

@testable import MonitoringHistory

@Suite struct HistorySourceTests {
    private let file = HistoryFile()
    private let maker = Batches(interval: 10_000)

    /// Forty days, a trigger every ten minutes, and every half minute on the last.
    private func filled() throws -> SteppedHistory {
        let history = try SteppedHistory(file)
        let days = Batches(interval: 600_000)
        history.write((0..<(39 * 144)).map { days.batch($0) })
        let first: Int64 = 39 * 144
        history.write((0..<2880).map { maker.batch(first + $0, at: Batches.time(days: 39, seconds: $0 * 30)) })
        return history
    }

    @Test func `the step is the shortest that fits and is still kept`() async throws {
        let history = try filled()
        func step(_ from: MonitorTime?, _ through: MonitorTime? = nil, limit: Int = 2000) async throws -> Int64? {
            let range = HistoryRange(from: from, through: through, limit: limit)
            let found = try #require(try await history.recorder.history(of: maker.id, range))
            #expect(found.points.count <= limit && !found.isCut)
            #expect(found.points.map(\.time) == found.points.map(\.time).sorted())
            #expect(found.triggers.count == found.points.count && found.maxima.count == found.points.count)
            return found.stepSeconds
        }
        #expect(try await step(Batches.time(days: 39, hours: 20)) == 0)
        #expect(try await step(Batches.time(days: 39, hours: 1)) == 60)
        #expect(try await step(Batches.time(days: 39, hours: 1), limit: 10_000) == 0)
        #expect(try await step(Batches.time(days: 33)) == 900)
        #expect(try await step(Batches.time(days: 5)) == 3600)
        #expect(try await step(nil) == 3600)
        #expect(try await step(nil, limit: 10) == 7 * 86_400)
        #expect(try await step(Batches.time(days: 5), Batches.time(days: 6)) == 3600)
        #expect(try await step(Batches.time(days: 20), Batches.time(days: 20, hours: 3)) == 60)
    }

    @Test func `longer steps have all that shorter ones have`() async throws {
        let history = try filled()
        var sums: Set<Int64> = []
        for seconds in [60, 300, 7200, 86_400] as [Int64] {
            let range = HistoryRange(from: Batches.time(days: 38), step: .seconds(seconds), limit: 10_000)
            let found = try #require(try await history.recorder.history(of: maker.id, range))
            sums.insert(found.triggers.reduce(0, +))
            #expect(found.stepSeconds == seconds)
            let rows = [found.minima, found.points, found.maxima].map { $0[0].stateRows ?? -1 }
            #expect(rows == rows.sorted() && rows[0] > 0)
        }
        #expect(sums == Set([Int64(144 + 2880)]))
    }

    @Test func `a step with too many points leaves the oldest out and says so`() async throws {
        let history = try filled()
        let range = HistoryRange(step: .raw, limit: 100)
        let found = try #require(try await history.recorder.history(of: maker.id, range))
        #expect(found.isCut && found.points.count == 100)
        #expect(found.points.last?.time == Batches.time(days: 39, seconds: 86_370))
        let last: Int64 = 39 * 144 + 2879
        #expect(found.points.last?.batchId == last)
        let empty = HistoryRange(from: Batches.time(days: 50), through: Batches.time(days: 51))
        #expect(try await history.recorder.history(of: maker.id, empty)?.points.isEmpty == true)
    }
}
