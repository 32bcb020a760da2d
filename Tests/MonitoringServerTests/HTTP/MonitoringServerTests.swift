import Foundation
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Testing

@testable import MonitoringServer

/// Every route, against a server on a socket.
@Suite struct MonitoringServerTests {
    private static var document: [String: Any] {
        let value = try? JSONSerialization.jsonObject(with: Data(OpenAPIDocument.bytes))
        return value as? [String: Any] ?? [:]
    }

    private func faults(_ answer: RawAnswer, _ schema: String) throws -> [String] {
        let reference = ["$ref": "#/components/schemas/\(schema)"]
        return SchemaCheck(document: Self.document).faults(of: try answer.json(), reference)
    }

    @Test func `every answer is as the OpenAPI document says`() async throws {
        let hub = try await RecordedHub.replaying(
            "spark-4.1.1/restart.jsonl", "spark-4.1.1/fail-udf.jsonl", "spark-4.1.1/window-watermark-append.jsonl",
            "spark-4.1.1/slow-behind.jsonl", "spark-4.1.1/idle.jsonl")
        let ids = hub.rows().map { $0.snapshot.id.uuidString.lowercased() }
        #expect(ids.count >= 5)
        try await LiveServer.with(hub) { server async throws in
            let list = try await server.ask("/api/v1/queries")
            #expect(try faults(list, "QueryList") == [])
            #expect(try list.json()["total"] as? Int == ids.count)
            #expect(try list.json()["replay"] as? Bool == true)
            for id in ids {
                let detail = try await server.ask("/api/v1/queries/\(id)")
                #expect(try faults(detail, "QueryDetail") == [])
                #expect(try faults(await server.ask("/api/v1/queries/\(id)/history"), "StoredHistory") == [])
                let batches = try await server.ask("/api/v1/queries/\(id.uppercased())/batches?limit=2")
                #expect(try faults(batches, "BatchList") == [])
                for batch in try batches.json()["batches"] as? [[String: Any]] ?? [] {
                    let (run, number) = ("\(batch["runId"] ?? "")", "\(batch["batchId"] ?? "")")
                    let text = try await server.ask("/api/v1/queries/\(id)/batches/\(run)/\(number)").body
                    let progress = try StreamingQueryProgress(json: text)
                    #expect(progress.id.uuidString.lowercased() == id && "\(progress.batchId ?? -1)" == number)
                }
            }
            #expect(try faults(await server.ask("/api/v1/alerts"), "AlertList") == [])
            #expect(try faults(await server.ask("/healthz"), "Health") == [])
            let error = try await server.ask("/api/v1/queries/\(UUID())")
            #expect(error.status == 404)
            #expect(try faults(error, "Error") == [])
            let page = try await server.ask("/queries/\(ids[0])")
            #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
            let metrics = try await server.ask("/metrics")
            #expect(metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(metrics.body.contains("streamgauge_query_state{"))
            #expect(metrics.body.contains("streamgauge_feed_state{feed=\"replay\",state=\"ended\"} 1"))
            #expect(metrics.body.contains("streamgauge_server_answers_total{status=\"4xx\"} 1"))
            let document = try await server.ask("/openapi.json")
            #expect(document.body == String(decoding: OpenAPIDocument.bytes, as: UTF8.self))
        }
    }

    @Test func `the document describes the routes that there are, and no other`() throws {
        let paths = try #require(Self.document["paths"] as? [String: [String: Any]])
        var seen: Set<String> = []
        for (path, methods) in paths {
            let filled = path.replacingOccurrences(of: "{id}", with: UUID().uuidString)
                .replacingOccurrences(of: "{runId}", with: UUID().uuidString)
                .replacingOccurrences(of: "{batchId}", with: "3").replacingOccurrences(of: "{name}", with: "index.html")
            let route = try Route(path: filled)
            seen.insert("\(route)".prefix { $0 != "(" }.description + (path == "/" ? "/" : ""))
            let described = Set(methods.keys.map { $0.uppercased() }).union(["HEAD"])
            #expect(described == Set(route.methods), "\(path)")
        }
        #expect(seen.count == paths.count)
        // The page has two paths; every other case of the routes is there once.
        #expect(paths.count == 14)
    }

    @Test func `lists are filtered and cut as asked`() async throws {
        let hub = MonitoringHub(settings: .replay)
        for number in 1...30 { hub.take(QueryMaker(UInt16(number), name: "query \(number % 3)"), batch: 0) }
        try await LiveServer.with(hub) { server async throws in
            func ask(_ query: String) async throws -> (Int?, Int) {
                let json = try await server.ask("/api/v1/queries?\(query)").json()
                return (json["total"] as? Int, (json["queries"] as? [Any])?.count ?? -1)
            }
            #expect(try await ask("q=QUERY%201") == (10, 10))
            #expect(try await ask("q=query+2&limit=3") == (10, 3))
            #expect(try await ask("offset=28&limit=10000") == (30, 2))
            #expect(try await ask("state=processing,idle") == (30, 30))
            #expect(try await ask("state=failed") == (0, 0))
            #expect(try await ask("q=00000000001e") == (1, 1))
            for query in [
                "state=none", "state=", "limit=0", "limit=x", "limit=+1", "offset=-1", "limit=10001", "q=%ff",
                "q=1&q=2", "limt=5", "sort=name",
            ] {
                let answer = try await server.ask("/api/v1/queries?\(query)")
                #expect(answer.status == 400 && answer.errorCode == "bad_request", "\(query)")
            }
            let misspelt = try await server.ask("/api/v1/queries?limt=5")
            #expect(misspelt.body.contains("no parameter is called limt; did you mean limit?"), "\(misspelt.body)")
            // What is no interface of ours to shape: a scraper may add parameters of its own.
            #expect(try await server.ask("/metrics?from=proxy").status == 200)
        }
    }

    @Test func `a query's history is cut to the time asked for`() async throws {
        let hub = MonitoringHub(settings: .replay)
        let maker = QueryMaker()
        for batch in 0..<100 { hub.take(maker, batch: Int64(batch)) }
        try await LiveServer.with(hub) { server async throws in
            let from = QueryMaker.time(10).millisecondsSinceEpoch
            let to = QueryMaker.time(19).millisecondsSinceEpoch
            let json = try await server.ask("/api/v1/queries/\(maker.id)?from=\(from)&to=\(to)").json()
            let history = json["history"] as? [String: Any]
            #expect(history?["batchId"] as? [Int] == Array(10...19))
            #expect((history?["phaseSeconds"] as? [String: [Double]])?["addBatch"]?.count == 10)
            #expect(try await server.ask("/api/v1/queries/\(maker.id)?from=x").status == 400)
        }
    }

    @Test func `the page's files are told apart by tags, and all of them are in the program`() async throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources/MonitoringServer/Assets")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names == PageAssets.all.keys.sorted())
        try await LiveServer.with { server async throws in
            for name in names {
                let answer = try await server.ask("/assets/\(name)")
                #expect(try Data(contentsOf: folder.appending(path: name)) == Data(answer.body.utf8))
                let tag = try #require(answer.headers["etag"])
                #expect(answer.headers["cache-control"] == "no-cache")
                let again = try await server.ask("/assets/\(name)", headers: ["If-None-Match: \"x\", W/\(tag)"])
                #expect(again.status == 304 && again.body.isEmpty)
                #expect(try await server.ask("/assets/\(name)", headers: ["If-None-Match: \"x\""]).status == 200)
            }
            #expect(try await server.ask("/assets/none").status == 404)
        }
    }

    @Test func `every answer tells browsers what they may do with it`() async throws {
        try await LiveServer.with { server async throws in
            for path in ["/", "/metrics", "/none", "/api/v1/queries", "/assets/index.html"] {
                let headers = try await server.ask(path).headers
                #expect(headers["content-security-policy"]?.hasPrefix("default-src 'self'; ") == true)
                #expect(headers["content-security-policy"]?.contains("unsafe") == false)
                #expect(headers["x-content-type-options"] == "nosniff" && headers["x-frame-options"] == "DENY")
                #expect(headers["referrer-policy"] == "no-referrer")
                #expect(headers["access-control-allow-origin"] == nil && headers["server"] == nil)
            }
        }
    }

    @Test func `only reading is allowed`() async throws {
        try await LiveServer.with { server async throws in
            for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
                let answer = try await server.ask(method, "/api/v1/queries")
                #expect(answer.status == 405 && answer.headers["allow"] == "GET, HEAD", "\(method)")
                #expect(answer.errorCode == "method_not_allowed")
            }
            let get = try await server.ask("/openapi.json")
            let head = try await server.ask("HEAD", "/openapi.json")
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.headers["content-length"] == "\(get.body.utf8.count)")
        }
    }

    @Test func `a feed that has failed shows in the health's status`() async throws {
        let hub = MonitoringHub(settings: .replay)
        hub.report("kafka") {
            $0.state = .failed
            $0.error = "no such option"
        }
        try await LiveServer.with(hub) { server async throws in
            let answer = try await server.ask("/healthz")
            #expect(answer.status == 503)
            #expect(answer.body.contains("\"status\":\"failed\"") && answer.body.contains("no such option"))
            #expect(try faults(answer, "Health") == [])
        }
    }

    @Test func `a port in use is one clear error`() async throws {
        try await LiveServer.with { server async throws in
            let address = ListenAddress(host: "127.0.0.1", port: server.port)
            let second = try MonitoringServer(
                hub: server.hub, configuration: MonitoringServer.Configuration(address: address))
            await #expect {
                try await second.run()
            } throws: { error in
                "\(error)"
                    == "cannot listen on \(address): Address already in use (end what uses the port, or choose another)"
            }
        }
    }
}
