import Foundation
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Testing

@testable import MonitoringServer

@Suite struct EventStreamTests {
    /// One server-sent event as a browser would see it.
    private struct Event: Sendable {
        var name: String
        var id: String
        var data: String

        var json: [String: Any] {
            ((try? JSONSerialization.jsonObject(with: Data(data.utf8))) as? [String: Any]) ?? [:]
        }

        /// The whole events of a stream's text, and the last id that it has set.
        static func all(in text: String) -> (events: [Event], lastId: String?) {
            guard let start = text.range(of: "\r\n\r\n") else { return ([], nil) }
            var (events, last): ([Event], String?) = ([], nil)
            // Chunks of the transfer begin with a line of their length.
            let body = text[start.upperBound...].components(separatedBy: "\r\n").enumerated()
                .filter { $0.offset % 2 == 1 }.map(\.element).joined()
            for block in body.components(separatedBy: "\n\n").dropLast() {
                var event = Event(name: "", id: "", data: "")
                for line in block.split(separator: "\n") {
                    if line.hasPrefix("event: ") { event.name = String(line.dropFirst(7)) }
                    if line.hasPrefix("id: ") { event.id = String(line.dropFirst(4)) }
                    if line.hasPrefix("data: ") { event.data = String(line.dropFirst(6)) }
                }
                if !event.id.isEmpty { last = event.id }
                if !event.name.isEmpty { events.append(event) }
            }
            return (events, last)
        }
    }

    /// Opens a stream, does something, and reads until a condition holds.
    private func stream(
        _ server: LiveServer, _ query: String = "", lastEventId: String? = nil,
        then act: @escaping @Sendable () -> Void = {}, until condition: @escaping @Sendable ([String]) -> Bool
    ) async throws -> (events: [Event], lastId: String?) {
        let id = lastEventId.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        let text = try await offPool {
            let connection = try RawConnection(port: server.port)
            connection.send("GET /api/v1/events\(query) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(id)\r\n")
            _ = connection.receive { $0.contains("retry: ") && $0.contains("\nid: ") }
            act()
            return connection.receive { condition(Event.all(in: $0).events.map(\.name)) }
        }
        return Event.all(in: text)
    }

    private static var document: [String: Any] {
        let value = try? JSONSerialization.jsonObject(with: Data(OpenAPIDocument.bytes))
        return value as? [String: Any] ?? [:]
    }

    private func faults(_ value: Any?, _ schema: String) -> [String] {
        guard let value else { return ["nothing there"] }
        return SchemaCheck(document: Self.document).faults(of: value, ["$ref": "#/components/schemas/\(schema)"])
    }

    @Test func `what changes is told, as the document says`() async throws {
        let hub = MonitoringHub(settings: .replay)
        let maker = QueryMaker()
        hub.take(maker, batch: 0)
        try await LiveServer.with(hub) { server async throws in
            let (events, _) = try await stream(server, "?query=\(maker.id)") {
                hub.take(maker, batch: 1)
                hub.take(QueryMaker(2, name: "new"), batch: 1)
            } until: {
                $0.contains("point") && $0.contains("transition")
            }
            let list = try #require(events.first { $0.name == "queries" })
            let rows = try #require(list.json["queries"] as? [Any])
            #expect(rows.count == 2)
            for row in rows { #expect(faults(row, "Row") == []) }
            let transition = try #require(events.first { $0.name == "transition" })
            #expect(faults(transition.json, "Transition") == [])
            let point = try #require(events.first { $0.name == "point" })
            #expect(faults(point.json["point"], "HistoryPoint") == [])
            #expect(faults(point.json["query"], "Query") == [])
            #expect(point.json["id"] as? String == maker.id.uuidString.lowercased())
            #expect(events.allSatisfy { EventPosition($0.id) != nil })
        }
    }

    @Test func `a point tells the state's own counters, and its query's partitions how they move`() async throws {
        let hub = MonitoringHub(settings: .replay)
        let maker = QueryMaker(hasState: true)
        for batch in 0..<3 { hub.take(maker, batch: Int64(batch)) }
        try await LiveServer.with(hub) { server async throws in
            let (events, _) = try await stream(server, "?query=\(maker.id)") {
                hub.take(maker, batch: 3)
            } until: {
                $0.contains("point")
            }
            let told = try #require(events.first { $0.name == "point" }).json
            let point = try #require(told["point"] as? [String: Any])
            #expect(faults(point, "HistoryPoint") == [])
            #expect(
                point["customMetrics"] as? [String: Double]
                    == ["loadedMapCacheHitCount": 6, "stateOnCurrentVersionSizeBytes": 300])
            let partition = try #require((told["partitions"] as? [[[String: Any]]])?.first?.first)
            #expect(faults(partition, "PartitionLag") == [])
            #expect(partition["records"] as? Int == 300 && partition["trendPerSecond"] as? Double == 100)
            // 200 rows a second could be processed, and as many arrive.
            #expect(partition["secondsBehind"] as? Double == 1.5 && partition["catchUpSeconds"] == nil)
            let page = try await server.ask("/api/v1/queries/\(maker.id)").json()
            let metrics = (page["history"] as? [String: Any])?["customMetrics"] as? [String: [Double]]
            #expect(metrics?["loadedMapCacheHitCount"] == [0, 2, 4, 6])
        }
    }

    @Test func `who comes back gets what it missed, each transition and point once`() async throws {
        let hub = MonitoringHub(settings: .replay)
        let maker = QueryMaker()
        hub.take(maker, batch: 0)
        try await LiveServer.with(hub) { server async throws in
            let first = try await stream(server, "?query=\(maker.id)") {
                hub.take(maker, batch: 1)
            } until: {
                $0.contains("point")
            }
            let seen = try #require(first.lastId)
            for batch in 2...6 { hub.take(maker, batch: Int64(batch)) }
            hub.take(QueryMaker(2), batch: 0)
            let second = try await stream(server, "?query=\(maker.id)", lastEventId: seen) {
                names in names.count { $0 == "point" } >= 5
            }
            let points = second.events.filter { $0.name == "point" }
            #expect(points.compactMap { ($0.json["point"] as? [String: Any])?["batchId"] as? Int } == [2, 3, 4, 5, 6])
            #expect(second.events.count { $0.name == "queries" } == 1)
            #expect(second.events.count { $0.name == "transition" } == 1)
            #expect(!second.events.contains { $0.name == "reset" })
        }
    }

    @Test func `alerts are told when they change, and who comes back gets what it missed`() async throws {
        let rule = AlertRule(
            name: "Failed", expression: try AlertExpression("streamgauge_query_state{state=\"failed\"} == 1"))
        let rules = AlertRules(groups: [AlertRuleGroup(name: "g", rules: [rule])])
        let hub = MonitoringHub(alerts: AlertWatch(rules: rules), clock: { QueryMaker.time(1) })
        let maker = QueryMaker()
        let failure = StreamingQueryEvent.terminated(
            QueryTerminatedEvent(id: maker.id, runId: maker.runId, exception: "boom"))
        try await LiveServer.with(hub) { server async throws in
            let first = try await stream(server) {
                hub.take(maker, batch: 0)
                hub.take(failure, at: QueryMaker.time(1))
                hub.tick()
            } until: {
                $0.contains("alerts")
            }
            let told = try #require(first.events.first { $0.name == "alerts" }?.json["alerts"] as? [[String: Any]])
            #expect(told.count == 1 && told[0]["state"] as? String == "firing")
            #expect(faults(told[0], "Alert") == [])
            let row = try #require(first.events.last { $0.name == "queries" }?.json["queries"] as? [[String: Any]])
            #expect(row[0]["firing"] as? Int == 1)
            let seen = try #require(first.lastId)
            var next = maker
            next.runId = UUID()
            hub.take(next.batch(1), at: QueryMaker.time(1))
            hub.tick()
            let second = try await stream(server, lastEventId: seen) { $0.contains("alerts") }
            let again = try #require(second.events.first { $0.name == "alerts" }?.json["alerts"] as? [[String: Any]])
            #expect(again.map { $0["state"] as? String } == ["resolved"])
            #expect(!second.events.contains { $0.name == "reset" })
        }
    }

    @Test func `positions that say nothing here are told to load anew`() async throws {
        let hub = MonitoringHub(settings: .replay)
        hub.take(QueryMaker(), batch: 0)
        try await LiveServer.with(hub) { server async throws in
            for id in ["x", "1-1", "\(EventPosition(epoch: hub.epoch, change: 999))", "-", "ü"] {
                let (events, last) = try await stream(server, lastEventId: id) { $0.contains("reset") }
                #expect(events.map(\.name) == ["reset"] && events.first?.data == "{}", "\(id)")
                #expect(last == "\(EventPosition(epoch: hub.epoch, change: hub.lastChange))")
            }
        }
    }

    @Test func `streams end cleanly with the server, and their clients are told`() async throws {
        let hub = MonitoringHub(settings: .replay)
        let text = try await LiveServer.with(hub) { server async throws in
            let reading = Task {
                try await offPool {
                    let connection = try RawConnection(port: server.port)
                    connection.send("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                    _ = connection.receive { $0.contains("retry: ") }
                    return connection.receive(for: 20) { $0.hasSuffix("\r\n0\r\n\r\n") }
                }
            }
            while server.server.statistics.counts.eventStreams == 0 { try await Task.sleep(for: .milliseconds(10)) }
            await server.server.stop()
            return try await reading.value
        }
        #expect(text.contains(": the server ends\n\n"))
        #expect(text.hasSuffix("\r\n0\r\n\r\n"))
    }

    @Test func `F31: readers that never read are cut, and the others hear everything`() async throws {
        let hub = MonitoringHub(settings: .replay)
        for number in 1...300 { hub.take(QueryMaker(UInt16(number), name: "query \(number)"), batch: 0) }
        var limits = ServerLimits()
        limits.writeTimeout = .seconds(2)
        try await LiveServer.with(hub, limits: limits) { server async throws in
            let deaf = try await offPool {
                try (0..<20).map { _ in
                    let connection = try RawConnection(port: server.port, receiveBuffer: 4096)
                    connection.send("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                    return connection
                }
            }
            while server.server.statistics.counts.eventStreams < 20 { try await Task.sleep(for: .milliseconds(10)) }
            let feeding = Task {
                var batch: Int64 = 1
                while !Task.isCancelled {
                    for number in 1...300 {
                        hub.take(QueryMaker(UInt16(number), name: "query \(number)"), batch: batch)
                    }
                    batch += 1
                    try await Task.sleep(for: .milliseconds(500))
                }
            }
            let lists = try await offPool {
                let connection = try RawConnection(port: server.port)
                connection.send("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                // Looked at by its marks alone: this is a lot of text.
                let text = connection.receive(for: 30) { $0.components(separatedBy: "event: queries").count > 3 }
                return text.components(separatedBy: "event: queries").count - 1
            }
            #expect(lists >= 3)
            let deadline = ContinuousClock.now + .seconds(30)
            while server.server.statistics.counts.eventStreams > 0, .now < deadline {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(server.server.statistics.counts.eventStreams == 0)
            #expect(deaf.count == 20)
            feeding.cancel()
        }
    }

    @Test func `more streams than are allowed are refused`() async throws {
        var limits = ServerLimits()
        limits.eventStreams = 2
        try await LiveServer.with(limits: limits) { server async throws in
            let open = try await offPool {
                try (0..<2).map { _ in
                    let connection = try RawConnection(port: server.port)
                    connection.send("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                    _ = connection.receive { $0.contains("retry: ") }
                    return connection
                }
            }
            let refused = try await server.ask("/api/v1/events")
            #expect(refused.status == 429 && refused.errorCode == "too_many_requests")
            #expect(try await server.ask("HEAD", "/api/v1/events").status == 429)
            #expect(open.count == 2)
        }
    }

    @Test func `asking for the head of a stream leaves none open`() async throws {
        try await LiveServer.with { server async throws in
            let head = try await server.ask("HEAD", "/api/v1/events")
            #expect(head.status == 200 && head.headers["content-type"] == "text/event-stream; charset=utf-8")
            while server.server.statistics.counts.eventStreams > 0 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(try await server.ask("/api/v1/events?query=x").status == 400)
        }
    }
}
