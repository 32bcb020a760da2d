import Foundation
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Testing

@Suite struct MonitoringHubTests {
    private let clock = HandClock()

    private func hub(_ change: (inout MonitoringHub.Settings) -> Void = { _ in }) -> MonitoringHub {
        var settings = MonitoringHub.Settings()
        change(&settings)
        return MonitoringHub(settings: settings, clock: clock.reading)
    }

    @Test func `rows come in the order of names, with what their last triggers processed`() {
        let hub = hub()
        for (number, name) in [(1, "b"), (2, "a"), (3, "c")] {
            let maker = BatchMaker(UInt8(number), name: name)
            for batch in 0..<3 {
                hub.take(maker.batch(Int64(batch), Double(batch)), at: BatchMaker.time(Double(batch)))
            }
        }
        hub.take(BatchMaker(2, name: "z").batch(3, 3), at: BatchMaker.time(3))
        let rows = hub.rows()
        #expect(rows.map(\.snapshot.name) == ["b", "c", "z"])
        #expect(rows.map(\.sparkline) == [[200, 200, 200], [200, 200, 200], [200, 200, 200, 200]])
    }

    @Test func `a tick notices silence, and what it changed is told once`() throws {
        let hub = hub()
        let maker = BatchMaker()
        hub.take(maker.started(0), at: BatchMaker.time(0))
        for batch in 0..<20 {
            hub.take(maker.batch(Int64(batch), Double(batch)), at: BatchMaker.time(Double(batch) + 0.5))
        }
        let seen = hub.lastChange
        clock.set(21)
        hub.tick()
        #expect(hub.lastChange == seen)
        for second in 22...90 {
            clock.set(Double(second))
            hub.tick()
        }
        let changes = try #require(hub.changes(after: seen))
        #expect(changes.rows.map(\.snapshot.state) == [.stalled])
        #expect(changes.events.count == 1)
        guard case .transition(let transition) = try #require(changes.events.first?.event) else {
            Issue.record("no transition")
            return
        }
        #expect(transition.to == .stalled)
        #expect(transition.at == BatchMaker.time(79.5))
        let later = try #require(hub.changes(after: changes.through))
        #expect(later.rows.isEmpty && later.events.isEmpty)
    }

    @Test func `silence while a feed is away says nothing, and counts from its return`() {
        let hub = hub()
        let maker = BatchMaker()
        hub.take(maker.started(0), at: BatchMaker.time(0))
        for batch in 0..<20 {
            hub.take(maker.batch(Int64(batch), Double(batch)), at: BatchMaker.time(Double(batch) + 0.5))
        }
        hub.report("kafka") { $0.state = .away }
        for second in 20...300 {
            clock.set(Double(second))
            hub.tick()
        }
        #expect(hub.rows().map(\.snapshot.state) == [.processing])
        hub.report("kafka") { $0.state = .live }
        for second in 301...359 {
            clock.set(Double(second))
            hub.tick()
        }
        #expect(hub.rows().map(\.snapshot.state) == [.processing])
        for second in 360...362 {
            clock.set(Double(second))
            hub.tick()
        }
        #expect(hub.rows().map(\.snapshot.state) == [.stalled])
    }

    @Test func `while old events are read the clock stands at them`() {
        let hub = hub()
        clock.set(10_000)
        hub.report("kafka") { $0.state = .catchingUp }
        for batch in 0..<20 {
            hub.take(BatchMaker().batch(Int64(batch), Double(batch)), at: BatchMaker.time(Double(batch) + 0.5))
            hub.tick()
        }
        #expect(hub.now == BatchMaker.time(19.5))
        #expect(hub.rows().map(\.snapshot.state) == [.processing])
    }

    @Test func `a page of metrics that is collected on several cores has every query, in order`() async {
        let hub = hub()
        clock.set(5)
        for number in 0..<600 {
            var maker = BatchMaker(UInt8(number % 256), name: "q\(number)")
            maker.id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(number / 256), UInt8(number % 256)))
            hub.take(maker.batch(0, 0), at: BatchMaker.time(1))
        }
        hub.tick()
        let page = await Array(hub.metricsPage().joined())
        #expect(page == Array(PrometheusPage(hub.report()).joined()))
        #expect(String(decoding: page, as: UTF8.self).components(separatedBy: "query_events_total{").count == 601)
    }

    @Test func `a collector gets every query and partition that Prometheus sees, in as many requests as it takes`()
        async throws
    {
        let hub = hub()
        clock.set(5)
        for number in 0..<300 {
            var maker = BatchMaker(UInt8(number % 256), name: "q\(number)")
            maker.id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(number / 256), UInt8(number % 256)))
            let source = BatchMaker.kafka(read: (1000, Int64(number)))
            hub.take(maker.batch(0, 0, source: source), at: BatchMaker.time(1))
        }
        hub.tick()
        var bodies: [String] = []
        try await hub.writeOpenTelemetry(partitionsPerSource: 1, resource: OTLPExposition.Resource()) { body in
            bodies.append(String(decoding: body, as: UTF8.self))
        }
        var page = await String(decoding: Array(hub.metricsPage().joined()), as: UTF8.self)
        try await hub.writePartitionLags(partitionsPerSource: 1) { page += String(decoding: $0, as: UTF8.self) }
        let series = page.split(separator: "\n").count { !$0.hasPrefix("#") }
        #expect(bodies.count > 1)
        #expect(bodies.reduce(0) { $0 + $1.components(separatedBy: #""asDouble":"#).count - 1 } == series)
        #expect(bodies.joined().components(separatedBy: #""key":"partition""#).count - 1 == 300)
    }

    @Test func `a collector that does not answer gets no further request`() async {
        let hub = hub()
        clock.set(5)
        hub.take(BatchMaker().batch(0, 0), at: BatchMaker.time(1))
        struct Away: Error {}
        await #expect(throws: Away.self) {
            try await hub.writeOpenTelemetry(resource: OTLPExposition.Resource()) { _ in throw Away() }
        }
    }

    @Test func `a reader that was away for too long is told to read anew`() {
        let hub = hub { $0.keptChanges = 4 }
        let maker = BatchMaker()
        for round in 0..<10 {
            var run = maker
            run.runId = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC0, UInt8(round)))
            hub.take(run.started(Double(round) * 10), at: BatchMaker.time(Double(round) * 10))
            hub.take(run.batch(Int64(round), Double(round) * 10 + 1), at: BatchMaker.time(Double(round) * 10 + 2))
        }
        #expect(hub.changes(after: 0) == nil)
        #expect(hub.changes(after: hub.lastChange + 1) == nil)
        #expect(hub.changes(after: hub.lastChange)?.rows == [])
        #expect(hub.changes(after: hub.lastChange - 2)?.rows.count == 1)
    }

    @Test func `each new point of a watched query is told once and in order`() throws {
        let hub = hub()
        let maker = BatchMaker()
        var told: [Int64?] = []
        var seen = hub.lastChange
        for batch in 0..<25 {
            hub.take(maker.batch(Int64(batch), Double(batch)), at: BatchMaker.time(Double(batch)))
            // A copy is no point.
            hub.take(maker.batch(Int64(batch), Double(batch)), at: BatchMaker.time(Double(batch)))
            hub.take(BatchMaker(2).batch(Int64(batch), Double(batch)), at: BatchMaker.time(Double(batch)))
            guard batch % 3 == 0 else { continue }
            let changes = try #require(hub.changes(after: seen, watching: maker.id))
            told += changes.events.compactMap { if case .point(let point) = $0.event { point.batchId } else { nil } }
            #expect(changes.watched?.snapshot.batchId == Int64(batch))
            seen = changes.through
        }
        #expect(told == (0..<25).map { Int64($0) })
    }

    @Test
    func `who missed more points of a watched query than are numbered begins anew, and who missed fewer does not`()
        throws
    {
        func points(_ changes: HubChanges?) -> [Int64]? {
            changes?.events.compactMap { if case .point(let point) = $0.event { point.batchId } else { nil } }
        }
        let hub = hub()
        let maker = BatchMaker()
        let before = hub.lastChange
        for batch in 0..<Int64(200) {
            hub.take(maker.batch(batch, Double(batch)), at: BatchMaker.time(Double(batch)))
            let told = points(hub.changes(after: before, watching: maker.id))
            if batch < 64 { #expect(told == Array(0...batch)) }
            if batch >= 128 { #expect(told == nil) }
        }
        let seen = hub.lastChange
        for batch in Int64(200)..<240 {
            hub.take(maker.batch(batch, Double(batch)), at: BatchMaker.time(Double(batch)))
        }
        #expect(points(hub.changes(after: seen, watching: maker.id)) == Array(200..<240))
    }

    @Test func `forgotten queries are told, and their texts are let go`() throws {
        let hub = hub { $0.monitor.endedExpiry = .seconds(60) }
        let maker = BatchMaker()
        hub.take(maker.batch(0, 0), at: BatchMaker.time(0))
        hub.take(maker.terminated(), at: BatchMaker.time(1))
        let seen = hub.lastChange
        clock.set(100)
        hub.tick()
        let changes = try #require(hub.changes(after: seen))
        #expect(changes.events.map(\.event) == [.removed([maker.id])])
        #expect(hub.rows().isEmpty)
        #expect(hub.batches(of: maker.id) == nil)
        #expect(hub.detail(of: maker.id) == nil)
    }

    @Test func `a batch's text is the progress itself, and queries share the memory for texts alike`() throws {
        let hub = hub {
            $0.batchBytes = 64_000
            $0.batchesPerQuery = 10
        }
        for number in 0..<40 {
            let maker = BatchMaker(UInt8(number), name: "query \(number)")
            for batch in 0..<20 {
                hub.take(maker.batch(Int64(batch), Double(batch)), at: BatchMaker.time(Double(batch)))
            }
        }
        var counts: Set<Int> = []
        for row in hub.rows() {
            let keys = try #require(hub.batches(of: row.snapshot.id))
            counts.insert(keys.count)
            #expect(keys.first?.batchId == 19)
            for key in keys {
                let text = try #require(hub.progressJSON(of: row.snapshot.id, runId: key.runId, batchId: key.batchId))
                #expect(try StreamingQueryProgress(json: text).batchId == key.batchId)
            }
        }
        // 1.6 KB for each: fewer than the ten that are wanted.
        #expect(counts.allSatisfy { (3..<10).contains($0) }, "\(counts)")
    }

    @Test func `a trigger without rows does not take the place of the batch of its number`() throws {
        let hub = hub()
        let maker = BatchMaker()
        hub.take(maker.batch(4, 0, rows: 0), at: BatchMaker.time(0))
        hub.take(maker.batch(4, 1, rows: 7), at: BatchMaker.time(1))
        let text = try #require(hub.progressJSON(of: maker.id, runId: maker.runId, batchId: 4))
        #expect(try StreamingQueryProgress(json: text).numInputRows == 7)
    }

    @Test func `who follows hears every tick, and several that were missed once`() async {
        let hub = hub()
        var updates = hub.updates().makeAsyncIterator()
        for _ in 0..<5 { hub.tick() }
        #expect(await updates.next() != nil)
        hub.tick()
        #expect(await updates.next() != nil)
    }

    @Test func `a listener's events are a feed of their own`() throws {
        let hub = hub()
        let listener = MonitoringListener(hub: hub)
        guard case .progress(let progress) = BatchMaker().batch(0, 0) else { return }
        listener.onQueryProgress(progress)
        let feed = try #require(hub.feeds.first)
        #expect(feed.state == .live && feed.events == 1)
        #expect(hub.rows().map(\.snapshot.state) == [.processing])
    }

    @Test func `a feed that fails is told, and the hub goes on`() async throws {
        struct Broken: MonitoringFeed {
            let name = "broken"
            func run(into hub: MonitoringHub) async throws { throw MonitoringError("no such thing", hint: "none") }
        }
        let hub = hub()
        let running = Task { await hub.run([Broken()]) }
        var updates = hub.updates().makeAsyncIterator()
        while !hub.hasFailed { await updates.next() }
        #expect(hub.feeds.first?.error == "no such thing (none)")
        running.cancel()
        await running.value
    }
}
