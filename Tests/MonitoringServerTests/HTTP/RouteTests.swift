import Foundation
import Testing

@testable import MonitoringServer

@Suite struct RouteTests {
    private let id = UUID()

    @Test func `every path leads where it should`() throws {
        let run = UUID()
        let base = "/api/v1/queries/\(id)"
        let routes: [(String, Route)] = [
            ("/", .page), ("/queries/\(id.uuidString.lowercased())", .page), ("/assets/app.js", .asset("app.js")),
            ("/assets/a%20b.js", .asset("a b.js")), ("/login", .login), ("/metrics", .metrics), ("/healthz", .health),
            ("/openapi.json", .openAPI), ("/api/v1/queries", .queries), (base, .query(id)),
            ("\(base)/batches", .batches(id)), ("\(base)/batches/\(run)/17", .batch(id, runId: run, batchId: 17)),
            ("/api/v1/alerts", .alerts), ("/api/v1/events", .events),
        ]
        for (path, route) in routes { #expect(try Route(path: path) == route, "\(path)") }
    }

    @Test(arguments: [
        "/nothing", "//", "/metrics/", "/queries/", "/queries/17", "/api", "/api/v1", "/api/v1/", "/api/v2/queries",
        "/api/v1/queries/not-an-id", "/assets/a/b", "/assets", "/..", "/assets/../index.html", "/%2e%2e/etc",
        "/api/v1/queries/00000000-0000-0000-0000-000000000001/batches/00000000-0000-0000-0000-000000000001/x",
        "/api/v1/queries/00000000-0000-0000-0000-000000000001/batches/00000000-0000-0000-0000-000000000001/+1",
    ])
    func `other paths lead nowhere`(_ path: String) {
        #expect(throws: Route.Failure.notFound) { try Route(path: path) }
    }

    @Test(arguments: ["", "metrics", "/%", "/%2", "/%zz", "/a%00b", "/%ff%fe", "http://127.0.0.1/metrics"])
    func `malformed paths are told`(_ path: String) {
        #expect { try Route(path: path) } throws: { error in
            if case Route.Failure.malformed = error { true } else { false }
        }
    }

    @Test func `a form's pairs are read strictly`() {
        #expect(PercentText.pairs("a=1&b=%C3%BC+x&c&d=") == ["a": "1", "b": "ü x", "c": "", "d": ""])
        #expect(PercentText.pairs("") == [:])
        #expect(PercentText.pairs("a=1&a=2") == nil)
        #expect(PercentText.pairs("a=%G0") == nil)
        #expect(PercentText.pairs("a=%ff") == nil)
        #expect(PercentText.field("token", of: "a=1&a=2&token=x%2By+z&=") == "x+y z")
        for form in ["", "a=1", "token=1&token=2", "token=%", "token=1&a=%ff"] {
            #expect(PercentText.field("token", of: form) == nil)
        }
    }
}
