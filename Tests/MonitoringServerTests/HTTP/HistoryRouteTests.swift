import Foundation
import LiveMonitoring
import Monitoring
import Testing

@testable import MonitoringServer

/// `/api/v1/queries/{id}/history`, and what else is told of a history.
@Suite struct HistoryRouteTests {
    /// A history that is made up: each point tells what was asked for.
    private struct MadeUpHistory: HistorySource {
        var health = HistoryHealth()
        var isBroken = false
        var runId = UUID()

        func history(of id: UUID, _ range: HistoryRange) async throws -> StoredHistory? {
            if isBroken { throw MonitoringError("cannot read the history history.db: it is broken") }
            guard id == QueryMaker(9).id else { return nil }
            var found = StoredHistory(stepSeconds: 0)
            if case .seconds(let seconds) = range.step { found.stepSeconds = seconds }
            var point = HistoryPoint(time: range.from ?? QueryMaker.time(0))
            point.inputRows = Double(range.limit)
            (found.points, found.minima, found.maxima, found.triggers) = ([point], [point], [point], [7])
            found.restarts = [range.through ?? QueryMaker.time(1)]
            return found
        }

        func batches(
            of id: UUID, from start: MonitorTime?, through end: MonitorTime?, limit: Int
        ) async throws -> [BatchKey]? {
            if isBroken { throw MonitoringError("cannot read the history history.db: it is broken") }
            guard id != QueryMaker(8).id else { return nil }
            // The hub's first batch, and ten before it.
            let keys = (-10...0).reversed().map {
                BatchKey(runId: runId, batchId: Int64($0), time: QueryMaker.time(Int64($0)))
            }
            let wanted = keys.filter { key in
                guard let time = key.time else { return false }
                return start.map { time >= $0 } ?? true && end.map { time <= $0 } ?? true
            }
            return Array(wanted.prefix(limit))
        }

        func progressJSON(of id: UUID, runId: UUID, batchId: Int64) async throws -> [UInt8]? {
            if isBroken { throw MonitoringError("cannot read the history history.db: it is broken") }
            return batchId < 0 ? Array("{\"batchId\":\(batchId)}".utf8) : nil
        }
    }

    @Test func `batches that the hub has no more are the history's, each once`() async throws {
        let hub = MonitoringHub(settings: .replay)
        let maker = QueryMaker()
        for batch in 0..<5 { hub.take(maker, batch: Int64(batch)) }
        let history = MadeUpHistory(runId: maker.runId)
        let path = "/api/v1/queries/\(QueryMaker().id.uuidString.lowercased())/batches"
        @Sendable func numbers(_ answer: RawAnswer) throws -> [Int]? {
            (try answer.json()["batches"] as? [[String: Any]])?.compactMap { $0["batchId"] as? Int }
        }
        try await LiveServer.with(hub, history: history) { server async throws in
            #expect(try numbers(await server.ask(path)) == (-10...4).reversed())
            #expect(try numbers(await server.ask(path + "?limit=7")) == [4, 3, 2, 1, 0, -1, -2])
            let (from, to) = (QueryMaker.time(-3), QueryMaker.time(1))
            let range = "from=\(from.millisecondsSinceEpoch)&to=\(to.millisecondsSinceEpoch)"
            #expect(try numbers(await server.ask("\(path)?\(range)")) == [1, 0, -1, -2, -3])
            let run = maker.runId.uuidString.lowercased()
            #expect(try await server.ask("\(path)/\(run)/-4").json()["batchId"] as? Int == -4)
            #expect(try await server.ask("\(path)/\(run)/4").json()["numInputRows"] != nil)
            #expect(try await server.ask("\(path)/\(run)/99").status == 404)
            for wrong in ["from=2&to=1", "from=x", "limit=0"] {
                #expect(try await server.ask("\(path)?\(wrong)").status == 400, "\(wrong)")
            }
            #expect(try await server.ask("/api/v1/queries/\(QueryMaker(8).id)/batches").status == 404)
            // One that the history alone knows, at a time of which it has none.
            #expect(try numbers(await server.ask("/api/v1/queries/\(QueryMaker(9).id)/batches?from=1&to=2")) == [])
        }
        try await LiveServer.with(hub, history: MadeUpHistory(isBroken: true)) { server async throws in
            #expect(try numbers(await server.ask(path)) == [4, 3, 2, 1, 0], "what the hub knows")
            let run = maker.runId.uuidString.lowercased()
            #expect(try await server.ask("\(path)/\(run)/-4").status == 503)
            #expect(try await server.ask("/api/v1/queries/\(QueryMaker(9).id)/batches").status == 503)
        }
    }

    private func columns(_ answer: RawAnswer, _ name: String) throws -> [Any]? {
        (try answer.json()["history"] as? [String: Any])?[name] as? [Any]
    }

    @Test func `a range is handed to the history, also for a query that the hub has forgotten`() async throws {
        let path = "/api/v1/queries/\(QueryMaker(9).id.uuidString.lowercased())/history"
        try await LiveServer.with(history: MadeUpHistory()) { server async throws in
            let answer = try await server.ask(path + "?from=1000&to=5000&step=120&limit=17")
            #expect(answer.status == 200)
            #expect(try columns(answer, "time") as? [Int] == [1000])
            #expect(try columns(answer, "inputRows") as? [Int] == [17])
            #expect(try answer.json()["stepSeconds"] as? Int == 120)
            #expect(try answer.json()["restarts"] as? [Int] == [5000])
            #expect(try answer.json()["triggers"] as? [Int] == [7])
            #expect(try columns(await server.ask(path + "?step=0"), "inputRows") as? [Int] == [2000])
            for wrong in ["step=61", "step=-60", "step=x", "limit=1", "limit=10001", "from=2&to=1", "from=x"] {
                #expect(try await server.ask("\(path)?\(wrong)").status == 400, "\(wrong)")
            }
            #expect(try await server.ask("/api/v1/queries/\(UUID())/history").status == 404)
        }
    }

    @Test func `without a history the hub tells what it has`() async throws {
        let hub = MonitoringHub(settings: .replay)
        for batch in 0..<50 { hub.take(QueryMaker(), batch: Int64(batch)) }
        try await LiveServer.with(hub) { server async throws in
            let path = "/api/v1/queries/\(QueryMaker().id)/history"
            #expect(try columns(await server.ask(path), "batchId") as? [Int] == Array(0..<50))
            let cut = try await server.ask(path + "?limit=3")
            #expect(try columns(cut, "batchId") as? [Int] == [47, 48, 49] && cut.json()["isCut"] as? Bool == true)
            #expect(try await server.ask("/healthz").json()["history"] == nil)
            #expect(try await !server.ask("/metrics").body.contains("streamgauge_history_"))
        }
    }

    @Test func `a page begins with what was kept before the server began`() async throws {
        let hub = MonitoringHub(settings: .replay)
        for batch in 100..<110 { hub.take(QueryMaker(9), batch: Int64(batch)) }
        try await LiveServer.with(hub, history: MadeUpHistory()) { server async throws in
            let path = "/api/v1/queries/\(QueryMaker(9).id)"
            let answer = try await server.ask(path)
            // The point that is made up tells how many were asked for.
            #expect(try columns(answer, "inputRows") as? [Int] == [290] + (0..<10).map { _ in 100 })
            let from = QueryMaker.time(105).millisecondsSinceEpoch
            #expect(try columns(await server.ask("\(path)?from=\(from)"), "batchId") as? [Int] == Array(105..<110))
        }
    }

    @Test func `a history that fails is told, and the server is as well as before`() async throws {
        var history = MadeUpHistory()
        history.isBroken = true
        history.health.isWriting = false
        history.health.error = "cannot write to the history history.db: disk is full"
        history.health.lost = 5
        try await LiveServer.with(history: history) { server async throws in
            let answer = try await server.ask("/api/v1/queries/\(QueryMaker(9).id)/history")
            #expect(answer.status == 503 && answer.body.contains("it is broken"))
            let health = try await server.ask("/healthz")
            #expect(health.status == 200)
            let told = try health.json()["history"] as? [String: Any]
            #expect(told?["state"] as? String == "failing" && told?["lost"] as? Int == 5)
            #expect((told?["error"] as? String)?.contains("disk is full") == true)
            let metrics = try await server.ask("/metrics").body
            #expect(
                metrics.contains("streamgauge_history_up 0\n") && metrics.contains("streamgauge_history_lost_total 5\n")
            )
        }
    }
}
