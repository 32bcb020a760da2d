import Foundation
import Monitoring
import StreamingMetrics
import Testing

@Suite struct QueryFleetTests {
    private func query(_ number: Int) -> EventMaker {
        var maker = EventMaker()
        maker.id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(number / 256), UInt8(number % 256)))
        maker.name = "query \(number)"
        return maker
    }

    @Test func `each event goes to the monitor of its query`() throws {
        var fleet = QueryFleet()
        for number in 0..<50 { fleet.take(query(number).batch(0, Double(number)), at: EventMaker.time(Double(number))) }
        fleet.take(query(7).terminated(), at: EventMaker.time(60))
        #expect(fleet.count == 50)
        #expect(fleet.states[.processing] == 49)
        #expect(fleet.states[.terminated] == 1)
        #expect(fleet.states[.stalled] == 0)
        #expect(fleet.monitor(of: query(7).id)?.state == .terminated)
        #expect(fleet.history(of: query(8).id)?.count == 1)
        #expect(fleet.snapshot(of: query(8).id, at: EventMaker.time(60))?.name == "query 8")
        #expect(fleet.snapshot(of: UUID(), at: EventMaker.time(60)) == nil)
        #expect(fleet.ids.count == 50)
    }

    @Test func `silences of many queries are told in the order of their times`() {
        var fleet = QueryFleet()
        for number in [3, 1, 2] {
            let maker = query(number)
            fleet.take(maker.started(0), at: EventMaker.time(Double(number)))
        }
        let changes = fleet.advance(to: EventMaker.time(10_000))
        #expect(changes.map(\.to) == [.stalled, .stalled, .stalled])
        #expect(changes.map(\.id) == [1, 2, 3].map { query($0).id })
    }

    @Test func `an ended query is forgotten an hour after its end, a silent one after a day, and all of it at once`() {
        var fleet = QueryFleet()
        fleet.take(query(1).batch(0, 0), at: EventMaker.time(0))
        fleet.take(query(2).batch(0, 0), at: EventMaker.time(0))
        fleet.take(query(2).terminated(), at: EventMaker.time(10))
        fleet.advance(to: EventMaker.time(3610))
        #expect(fleet.count == 2)
        fleet.advance(to: EventMaker.time(3611))
        #expect(fleet.count == 1)
        #expect(fleet.monitor(of: query(2).id) == nil)
        #expect(fleet.history(of: query(2).id) == nil)
        #expect(!PrometheusExposition.text(of: fleet, at: EventMaker.time(3611)).contains("query 2"))
        fleet.advance(to: EventMaker.time(86_401))
        #expect(fleet.count == 0)
        #expect(fleet.expired == 2)
    }

    @Test func `a query that comes back after it was forgotten is a new one`() {
        var fleet = QueryFleet()
        fleet.take(query(1).terminated(), at: EventMaker.time(0))
        fleet.advance(to: EventMaker.time(4000))
        fleet.take(query(1).nextRun().started(5000), at: EventMaker.time(5000))
        #expect(fleet.monitor(of: query(1).id)?.state == .starting)
    }

    @Test func `there are never more queries than the settings say, and ended and quiet ones go first`() {
        var settings = MonitorSettings()
        settings.maximumQueries = 10
        var fleet = QueryFleet(settings: settings)
        for number in 0..<10 { fleet.take(query(number).batch(0, Double(number)), at: EventMaker.time(Double(number))) }
        fleet.take(query(9).terminated(), at: EventMaker.time(20))
        fleet.take(query(0).batch(1, 30), at: EventMaker.time(30))
        fleet.take(query(10).started(40), at: EventMaker.time(40))
        #expect(fleet.count == 10)
        #expect(fleet.monitor(of: query(9).id) == nil)
        fleet.take(query(11).started(41), at: EventMaker.time(41))
        #expect(fleet.monitor(of: query(1).id) == nil)
        #expect(fleet.monitor(of: query(0).id) != nil)
        for number in 12..<500 { fleet.take(query(number).started(50), at: EventMaker.time(50)) }
        #expect(fleet.count == 10)
    }

    @Test func `queries that come after the watching began are watched from then on too`() {
        var fleet = QueryFleet()
        fleet.beginWatching(at: EventMaker.time(5000))
        fleet.take(query(1).started(0), at: EventMaker.time(0))
        #expect(fleet.advance(to: EventMaker.time(5500)).isEmpty)
        #expect(fleet.advance(to: EventMaker.time(5601)).map(\.to) == [.stalled])
    }

    @Test func `events that the feed knows to be missing are counted, and do not run over`() {
        var fleet = QueryFleet()
        fleet.noteMissing(5, of: query(1).id)
        fleet.take(query(1).batch(0, 0), at: EventMaker.time(0))
        fleet.noteMissing(5, of: query(1).id)
        #expect(fleet.monitor(of: query(1).id)?.counts.missingEvents == 5)
        fleet.noteMissing(.max, of: query(1).id)
        #expect(fleet.monitor(of: query(1).id)?.counts.missingEvents == .max)
    }

    @Test func `snapshots come in the order of names and then ids`() {
        var fleet = QueryFleet()
        for number in [5, 2, 9] { fleet.take(query(number).batch(0, 0), at: EventMaker.time(0)) }
        var twin = query(1)
        twin.name = "query 5"
        fleet.take(twin.batch(0, 0), at: EventMaker.time(0))
        #expect(fleet.snapshots(at: EventMaker.time(1)).map(\.name) == ["query 2", "query 5", "query 5", "query 9"])
        #expect(fleet.snapshots(at: EventMaker.time(1))[1].id == twin.id)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a fleet gives each query the answer that a monitor of its own gives`(_ seed: UInt64) {
        var fleet = QueryFleet()
        var alone: [UUID: QueryMonitor] = [:]
        for (index, (event, time)) in RandomStreamTests.events(seed: seed, count: 600).enumerated() {
            let id = query(index % 5).id
            let renamed = event.renamed(id)
            let changes = fleet.take(renamed, at: time)
            #expect(alone[id, default: QueryMonitor(id: id)].take(renamed, at: time) == changes)
        }
        for (id, monitor) in alone { #expect(fleet.monitor(of: id) == monitor) }
    }
}

extension StreamingQueryEvent {
    /// The same event of another query.
    func renamed(_ id: UUID) -> StreamingQueryEvent {
        switch self {
        case .started(var event):
            event.id = id
            return .started(event)
        case .progress(var event):
            event.progress.id = id
            return .progress(event)
        case .idle(var event):
            event.id = id
            return .idle(event)
        case .terminated(var event):
            event.id = id
            return .terminated(event)
        }
    }
}
