import Foundation
import GRDB
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Testing

@testable import MonitoringHistory

@Suite struct HistoryRetentionTests {
    private let file = HistoryFile()

    private func times(_ history: SteppedHistory, _ step: HistoryRange.Step) throws -> [MonitorTime] {
        let query = try #require(try history.recorder.reader.queries().first)
        return try history.recorder.reader.rows(
            of: query, HistoryRange(step: step, limit: .max), now: history.clock.now
        ).rows.map(\.time)
    }

    @Test func `at the borders a point, a minute and an hour are there to the last millisecond`() throws {
        let history = try SteppedHistory(file)
        let maker = Batches()
        let day = Batches.time(days: 1).millisecondsSinceEpoch - Batches.time().millisecondsSinceEpoch
        let newest = Batches.time(days: 399)
        func before(_ days: Int64, _ milliseconds: Int64) -> MonitorTime {
            MonitorTime(millisecondsSinceEpoch: newest.millisecondsSinceEpoch - days * day - milliseconds)
        }
        let moments = [
            before(365, 3_600_001), before(365, 1), before(30, 60_001), before(30, 1), before(1, 1), before(1, 0),
            newest,
        ]
        history.write(moments.enumerated().map { maker.batch(Int64($0), at: $1) })
        #expect(try times(history, .raw) == [before(1, 0), newest])
        func floored(_ time: MonitorTime, _ step: Int64) -> MonitorTime {
            MonitorTime(millisecondsSinceEpoch: time.millisecondsSinceEpoch.floored(to: step))
        }
        let minutes = [before(30, 1), before(1, 1), before(1, 0), newest].map { floored($0, 60_000) }
        #expect(try times(history, .seconds(60)) == minutes.filter { $0 >= floored(before(30, 0), 60_000) })
        let hours = Set(moments.map { floored($0, 3_600_000) }).sorted()
        #expect(try times(history, .seconds(3600)) == hours.filter { $0 >= floored(before(365, 0), 3_600_000) })
    }

    @Test func `what is too old is gone from the file as well`() throws {
        let history = try SteppedHistory(file)
        let maker = Batches(interval: 6 * 3_600_000)
        for start in stride(from: Int64(0), to: 390 * 4, by: 100) {
            history.write(maker.batches(start..<(start + 100)))
        }
        let raw = try DatabaseQueue(path: file.path)
        let counts = try raw.read { database in
            try ["points", "minutes", "hours"].map {
                try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") ?? -1
            }
        }
        #expect(counts[0] <= 6 && counts[1] <= 30 * 4 + 2 && counts[2] <= 365 * 4 + 2 && counts[2] > 364 * 4)
    }

    @Test func `a clock that jumps forward or back makes nothing old`() throws {
        let history = try SteppedHistory(file, at: Batches.time(hours: 1))
        let maker = Batches()
        history.write(maker.batches(0..<300))
        for (place, days) in ([3000, -3000, 0] as [Int64]).enumerated() {
            for seconds in [0, 120, 240] as [Int64] {
                history.clock.now = Batches.time(days: days, hours: 1, seconds: seconds)
                history.write([maker.batch(300 + Int64(place) * 3 + seconds / 120)])
            }
        }
        #expect(try times(history, .raw).count == 309)
        #expect(history.recorder.health.error == nil)
    }

    @Test func `an event from the future counts as now`() throws {
        let history = try SteppedHistory(file, at: Batches.time(hours: 2))
        let maker = Batches()
        history.write(maker.batches(0..<300))
        history.write([maker.batch(300, at: Batches.time(days: 3000))] + maker.batches(301..<320))
        #expect(try times(history, .raw).count == 320)
    }

    @Test func `a file that grows too large loses its oldest points and stays below its bound`() throws {
        var limits = HistoryLimits()
        limits.maximumBytes = 2_000_000
        let history = try SteppedHistory(file, limits)
        let makers = (1...10).map { Batches(UInt8($0), name: "query \($0)", interval: 5_000) }
        var largest: Int64 = 0
        for start in stride(from: Int64(0), to: 2880, by: 120) {
            history.write(makers.flatMap { $0.batches(start..<(start + 120)) })
            largest = max(largest, history.recorder.health.sizeBytes)
        }
        // Some more: how full it is, is looked at once a minute, and here ten minutes come at once.
        #expect(largest < 2_300_000 && largest > 1_500_000, "\(largest)")
        let points = try times(history, .raw)
        #expect(points.last == Batches.time(seconds: 2879 * 5))
        let first = try #require(points.first)
        #expect(first > Batches.time() && first < Batches.time(hours: 3))
        #expect(try times(history, .seconds(3600)).count == 4)
        #expect(try times(history, .seconds(60)).count == 240)
        // What is asked for from before that is told by minutes, of which there are all.
        let query = try #require(try history.recorder.reader.queries().first)
        let found = try history.recorder.reader.rows(of: query, HistoryRange(limit: 10_000), now: history.clock.now)
        #expect(found.stepSeconds == 60 && found.rows.first?.time == Batches.time())
        let mode = try DatabaseQueue(path: file.path).read { try Int.fetchOne($0, sql: "PRAGMA auto_vacuum") }
        #expect(mode == 2)
    }

    @Test func `a bound that is far too low keeps something and ends nothing`() throws {
        var limits = HistoryLimits()
        limits.maximumBytes = 100_000
        let history = try SteppedHistory(file, limits)
        let makers = (1...10).map { Batches(UInt8($0), interval: 1_000) }
        for start in stride(from: Int64(0), to: 1800, by: 60) {
            history.write(makers.flatMap { $0.batches(start..<(start + 60)) })
        }
        #expect(history.recorder.health.error == nil)
        #expect(try times(history, .raw).count < 900)
        #expect(try times(history, .raw).last == Batches.time(seconds: 1799))
    }
}
