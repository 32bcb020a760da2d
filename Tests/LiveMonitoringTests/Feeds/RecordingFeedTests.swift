import Foundation
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Synchronization
import Testing

@Suite struct RecordingFeedTests {
    /// Events of real Sparks.
    private static let fixtures = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "MonitoringTests/Fixtures")

    private static let recordings = [
        "spark-4.1.1/restart.jsonl", "spark-4.1.1/idle.jsonl", "spark-4.1.1/fail-udf.jsonl",
        "spark-4.1.1/slow-behind.jsonl", "spark-3.4.4/restart.jsonl", "spark-2.4.8/idle.jsonl",
    ]

    private func replay(_ paths: [String], speed: Double? = nil) async throws -> MonitoringHub {
        let hub = MonitoringHub(settings: .replay)
        try await RecordingFeed(paths: paths, speed: speed).run(into: hub)
        return hub
    }

    @Test(arguments: recordings)
    func `a replay and a live feed of the same events say the same`(_ name: String) async throws {
        let path = Self.fixtures.appending(path: name).path
        let replayed = try await replay([path])
        // Live: a hub whose clock shows when each event comes, which ticks in between.
        let clock = HandClock()
        let origin = BatchMaker.time(0)
        let live = MonitoringHub(clock: clock.reading)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let events = try lines.map { try StreamingQueryEvent(json: String($0)) }
        // Spark in some languages writes times with digits that nobody reads: then all are as old as their file.
        let written = try #require(FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
        let age = MonitorTime(millisecondsSinceEpoch: Int64(written.timeIntervalSince1970.rounded(.down)) * 1000)
        var last = events.lazy.compactMap(\.ownTime).first ?? age
        for event in events {
            last = max(last, event.ownTime ?? last)
            clock.set(last.seconds(since: origin))
            live.tick()
            live.take(event)
        }
        live.tick()
        let (there, here) = (live.rows(), replayed.rows())
        #expect(here.map(\.snapshot) == there.map(\.snapshot))
        #expect(here.map(\.sparkline) == there.map(\.sparkline))
        for row in there {
            let id = row.snapshot.id
            #expect(replayed.detail(of: id) == live.detail(of: id))
            #expect(replayed.batches(of: id) == live.batches(of: id))
        }
        #expect(Array(PrometheusPage(replayed.report()).joined()) == Array(PrometheusPage(live.report()).joined()))
    }

    @Test func `files are read as one, in the order of their events' times`() async throws {
        let folder = try ScratchFolder()
        let maker = BatchMaker()
        let progress = try folder.write("progress", (0..<30).map { maker.batch(Int64($0), Double($0)).json })
        let lifecycle = try folder.write("lifecycle", [maker.started(-1).json, maker.terminated().json])
        let hub = try await replay([progress, lifecycle])
        let row = try #require(hub.rows().first)
        #expect(row.snapshot.counts.events == 32)
        #expect(hub.now == BatchMaker.time(29.5))
        #expect(row.snapshot.state == .terminated)
    }

    @Test(
        arguments: ["spark-4.1.1/fail-udf.jsonl", "spark-4.1.1/restart.jsonl", "spark-2.4.8/restart.jsonl"],
        [false, true])
    func `progress in one file and starts and ends in another say what one file says`(
        _ name: String, _ endsFirst: Bool
    ) async throws {
        let path = Self.fixtures.appending(path: name).path
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
        let folder = try ScratchFolder()
        func isLifecycle(_ line: String) throws -> Bool {
            switch try StreamingQueryEvent(json: line) {
            case .started, .terminated: true
            case .progress, .idle: false
            }
        }
        let lifecycle = try folder.write("lifecycle", try lines.filter { try isLifecycle($0) })
        let progress = try folder.write("progress", try lines.filter { try !isLifecycle($0) })
        let one = try await replay([path])
        let two = try await replay(endsFirst ? [lifecycle, progress] : [progress, lifecycle])
        // A start of Spark 2 has no time: in one file it has that of the line before it, in two that of its run's first progress.
        func known(_ hub: MonitoringHub) -> [QuerySnapshot] {
            hub.rows().map { row in
                var snapshot = row.snapshot
                if name.contains("2.4.8") { snapshot.runSince = nil }
                return snapshot
            }
        }
        #expect(known(two) == known(one))
        for row in one.rows() {
            let (there, here) = (one.detail(of: row.snapshot.id), two.detail(of: row.snapshot.id))
            #expect(here?.transitions.map(\.to) == there?.transitions.map(\.to))
            #expect(here?.transitions.last == there?.transitions.last)
        }
    }

    @Test func `a run ends after its progress in another file, and before what comes after it in its own`() async throws
    {
        let folder = try ScratchFolder()
        let (first, second) = (BatchMaker(1, name: "first"), BatchMaker(2, name: "second"))
        let progress = try folder.write("progress", (0..<30).map { first.batch(Int64($0), Double($0)).json })
        let lifecycle = try folder.write(
            "lifecycle",
            [first.started(-1).json, first.terminated("boom").json, second.started(20).json, second.terminated().json])
        let hub = try await replay([progress, lifecycle])
        let rows = hub.rows()
        #expect(rows.first?.snapshot.failure?.at == BatchMaker.time(20))
        #expect(rows.last?.snapshot.state == .terminated)
        let late = try await replay([progress, try folder.write("ends", [first.terminated("boom").json])])
        #expect(late.rows().first?.snapshot.failure?.at == BatchMaker.time(29.5))
        #expect(late.rows().first?.snapshot.counts.batches == 30)
    }

    @Test func `one damaged time in a run's progress does not move its end to the year 9999`() async throws {
        let folder = try ScratchFolder()
        let maker = BatchMaker()
        let seconds = (0..<30).map { $0 == 15 ? 251_607_000_000 : Double($0) }
        let progress = try folder.write("progress", seconds.enumerated().map { maker.batch(Int64($0), $1).json })
        let hub = try await replay([progress, try folder.write("ends", [maker.terminated("boom").json])])
        let row = try #require(hub.rows().first)
        #expect(row.snapshot.failure?.at == BatchMaker.time(29.5))
        #expect(row.snapshot.state == .failed && row.snapshot.counts.batches == 30)
    }

    @Test func `a long file of starts and ends without a time is placed by the progress of its runs`() async throws {
        let folder = try ScratchFolder()
        var (progress, lifecycle): ([String], [String]) = ([], [])
        // The first run is not known elsewhere, as those are whose progress is older than the other file.
        for number in -1..<6000 {
            var maker = BatchMaker()
            maker.runId = UUID()
            if number >= 0 { progress.append(maker.batch(Int64(number), Double(number) * 10).json) }
            lifecycle.append(
                StreamingQueryEvent.started(
                    QueryStartedEvent(id: maker.id, runId: maker.runId, name: maker.name, timestamp: nil)
                )
                .json)
            lifecycle.append(maker.terminated(number == 3000 ? "boom" : nil).json)
        }
        let hub = MonitoringHub(settings: .replay)
        let paths = [try folder.write("lifecycle", lifecycle), try folder.write("progress", progress)]
        try await RecordingFeed(paths: paths).run(into: hub)
        #expect(hub.now == BatchMaker.time(59_990.5))
        #expect(hub.feeds.first?.events == 18_002)
        let row = try #require(hub.rows().first)
        #expect(row.snapshot.runSince == BatchMaker.time(59_990.5))
        #expect(row.snapshot.counts.failures == 1)
    }

    @Test func `a file in which no event has a time moves the clock of the others by nothing`() async throws {
        let folder = try ScratchFolder()
        let progress = try folder.write("progress", (0..<30).map { BatchMaker().batch(Int64($0), Double($0)).json })
        let untimed = Self.fixtures.appending(path: "spark-3.5.6-locale-ar-EG/rate-unnamed.jsonl").path
        let hub = try await replay([progress, untimed])
        #expect(hub.now == BatchMaker.time(29.5))
        #expect(hub.rows().first { $0.snapshot.name == "orders" }?.snapshot.state == .processing)
    }

    @Test func `events without a time at a file's beginning come with the first that has one`() async throws {
        let folder = try ScratchFolder()
        let path = try folder.write("events", [BatchMaker(2).terminated("boom").json, BatchMaker().batch(0, 5).json])
        let hub = try await replay([path])
        let failed = try #require(hub.rows().first { $0.snapshot.state == .failed })
        #expect(failed.snapshot.failure?.at == BatchMaker.time(5.5))
    }

    @Test func `events of which none has a time that can be read are as old as their file`() async throws {
        let path = Self.fixtures.appending(path: "spark-3.5.6-locale-ar-EG/rate-unnamed.jsonl").path
        let changed = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
        let hub = try await replay([path])
        #expect(hub.now.millisecondsSinceEpoch / 1000 == changed.map { Int64($0.timeIntervalSince1970) })
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(hub.feeds.first?.events == UInt64(lines.count))
    }

    @Test func `a line that is no event is told with its place, and the rest goes on`() async throws {
        let folder = try ScratchFolder()
        let lines = [BatchMaker().batch(0, 0).json, "{\"id\":1}", "", String(repeating: "x", count: 9_000_000)]
        let path = try folder.write("events", lines + [BatchMaker().batch(1, 1).json])
        let told = Mutex<[String]>([])
        var feed = try RecordingFeed(paths: [path])
        feed.onRefusal = { line in told.withLock { $0.append(line) } }
        let hub = MonitoringHub(settings: .replay)
        try await feed.run(into: hub)
        let refused = told.withLock { $0 }
        #expect(refused.count == 2)
        #expect(refused.first?.hasPrefix("refused \(path):2: ") == true)
        #expect(refused.last == "refused \(path):4: the line has more bytes than an event may have")
        #expect(hub.rows().first?.snapshot.batchId == 1)
        #expect(hub.feeds.first?.unreadable == 2)
        #expect(hub.feeds.first?.state == .ended)
    }

    @Test func `what cannot be read is an error before anything is replayed`() throws {
        let folder = try ScratchFolder()
        let good = try folder.write("good", [])
        #expect(throws: MonitoringError.self) { try RecordingFeed(paths: [good, "/no/such/file"]) }
        #expect(throws: MonitoringError.self) { try RecordingFeed(paths: [folder.url.path]) }
        #expect(throws: MonitoringError.self) { try RecordingFeed(paths: [good], speed: 0) }
        #expect(throws: MonitoringError.self) { try RecordingFeed(paths: [good], speed: .nan) }
        #expect(throws: MonitoringError.self) { try RecordingFeed(paths: [good], speed: 1e30) }
    }

    @Test func `with a speed the recording takes its time, and says the same in the end`() async throws {
        let folder = try ScratchFolder()
        let path = try folder.write("events", (0..<20).map { BatchMaker().batch(Int64($0), Double($0)).json })
        let start = ContinuousClock.now
        let slow = try await replay([path], speed: 100)
        #expect(start.duration(to: .now) >= .milliseconds(185))
        let fast = try await replay([path])
        #expect(slow.rows().map(\.snapshot) == fast.rows().map(\.snapshot))
    }

    @Test func `queries that were forgotten to make room are told once`() async throws {
        let folder = try ScratchFolder()
        let path = try folder.write("events", (1...6).map { BatchMaker($0).batch(0, Double($0)).json })
        var settings = MonitoringHub.Settings.replay
        for (kept, remarks) in [(4, 1), (6, 0)] {
            settings.monitor.maximumQueries = kept
            let told = Mutex<[String]>([])
            var feed = try RecordingFeed(paths: [path])
            feed.onRemark = { line in told.withLock { $0.append(line) } }
            let hub = MonitoringHub(settings: settings)
            try await feed.run(into: hub)
            let lines = told.withLock { $0 }
            #expect(lines.count == remarks && hub.count == kept)
            #expect(lines.allSatisfy { $0.hasPrefix("note: 2 queries of the recording were forgotten") })
        }
    }

    @Test func `what takes long between two events is told once, with the rules it is for`() async throws {
        let folder = try ScratchFolder()
        let path = try folder.write("events", [0, 60, 120].map { BatchMaker().batch(Int64($0), $0).json })
        let rules = try AlertRules(
            groups: [
                AlertRuleGroup(
                    name: "g",
                    rules: [
                        AlertRule(
                            name: "Odd",
                            expression: AlertExpression("abs(streamgauge_query_last_event_age_seconds) > 1e9")),
                        AlertRule(
                            name: "Even", expression: AlertExpression("streamgauge_query_last_event_age_seconds > 1e9")),
                    ])
            ])
        let told = Mutex<[String]>([])
        var feed = try RecordingFeed(paths: [path])
        feed.longStretch = .zero
        feed.onRemark = { line in told.withLock { $0.append(line) } }
        let hub = MonitoringHub(settings: .replay, alerts: AlertWatch(rules: rules, isReplay: true))
        try await feed.run(into: hub)
        let lines = told.withLock { $0 }
        let said = "up to 2026-11-23T10:01:00.500Z, which takes long, because of Odd:"
        #expect(lines.count == 1 && lines[0].contains(said), "\(lines)")
    }

    @Test func `nothing of a recording is too old to be shown`() async throws {
        let folder = try ScratchFolder()
        let old = BatchMaker(2, name: "old")
        let path = try folder.write(
            "events", [old.batch(0, 0).json, old.terminated().json, BatchMaker().batch(0, 40 * 86_400).json])
        #expect(try await replay([path]).rows().map(\.snapshot.state) == [.terminated, .processing])
    }
}
