import Foundation
import StreamingMetrics
import Testing

@testable import Monitoring

@Suite struct QueryHistoryTests {
    private let query = EventMaker()

    private func fleet(points: Int, batches: Int64) -> QueryFleet {
        var settings = MonitorSettings()
        settings.historyPoints = points
        var fleet = QueryFleet(settings: settings)
        for number in 0..<batches {
            let event = query.batch(
                number, Double(number), takes: 0.5, rows: number * 10, phases: ["addBatch": 400, "walCommit": 50],
                eventTime: ["watermark": EventMaker.timestamp(Double(number) - 30).description])
            fleet.take(event, at: EventMaker.time(Double(number) + 0.5))
        }
        return fleet
    }

    @Test func `each progress is a point with its measures and phases`() throws {
        let history = try #require(fleet(points: 10, batches: 3).history(of: query.id))
        let point = try #require(history.points.last)
        #expect(history.count == 3)
        #expect(point.time == EventMaker.time(2))
        #expect(point.batchId == 2)
        #expect(point.inputRows == 20)
        #expect(point.durationSeconds == 0.5)
        #expect(point.watermarkDelaySeconds == 30)
        #expect(point.lagRecords == nil)
        #expect(point.stateRows == nil)
        #expect(point.phaseSeconds["addBatch"].map { abs($0 - 0.4) < 1e-6 } == true)
        #expect(point.phaseSeconds.keys.sorted() == ["addBatch", "walCommit"])
    }

    @Test func `the newest points are kept, in their order`() throws {
        let history = try #require(fleet(points: 10, batches: 37).history(of: query.id))
        #expect(history.points.map(\.batchId) == (27...36).map { Int64($0) })
        #expect(history.suffix(3).map(\.batchId) == [34, 35, 36])
        #expect(history.suffix(0).isEmpty)
        #expect(history.points(from: EventMaker.time(30), through: EventMaker.time(32)).map(\.batchId) == [30, 31, 32])
    }

    @Test func `no points are kept where none are wanted`() throws {
        let history = try #require(fleet(points: 0, batches: 5).history(of: query.id))
        #expect(history.count == 0)
        #expect(history.points.isEmpty)
    }

    @Test func `restarts are marked as far back as the points go`() throws {
        var settings = MonitorSettings()
        settings.historyPoints = 5
        var fleet = QueryFleet(settings: settings)
        for number in 0..<20 as Range<Int64> {
            let maker = query.nextRun(UInt8(number / 4))
            if number % 4 == 0 { fleet.take(maker.started(Double(number)), at: EventMaker.time(Double(number))) }
            fleet.take(maker.batch(number, Double(number) + 0.1), at: EventMaker.time(Double(number) + 0.6))
        }
        let history = try #require(fleet.history(of: query.id))
        #expect(history.restarts == [EventMaker.time(16)])
    }

    @Test func `more phases than there are columns are added up`() throws {
        var fleet = QueryFleet()
        var phases: MetricMap<Int64> = [:]
        for number in 0..<20 { phases["phase\(number)"] = 100 }
        fleet.take(query.batch(0, 0, phases: phases), at: EventMaker.time(1))
        let point = try #require(fleet.history(of: query.id)?.points.first)
        #expect(point.phaseSeconds.count == QueryHistory.maximumPhases + 1)
        #expect(point.phaseSeconds["other"].map { abs($0 - 1) < 1e-5 } == true)
    }

    @Test func `copies and late events make no points`() throws {
        var fleet = QueryFleet()
        for number in [0, 1, 1, 0, 2] as [Int64] {
            fleet.take(query.batch(number, Double(number)), at: EventMaker.time(Double(number) + 1))
        }
        #expect(fleet.history(of: query.id)?.points.map(\.batchId) == [0, 1, 2])
    }
}
