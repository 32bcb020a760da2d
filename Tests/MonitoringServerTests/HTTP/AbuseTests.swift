import Foundation
import LiveMonitoring
import Monitoring
import Testing

@testable import MonitoringServer

/// What strangers and broken clients send. Each test ends with a request that is answered as ever.
@Suite struct AbuseTests {
    private static func expectHealthy(_ server: LiveServer) async throws {
        let start = ContinuousClock.now
        #expect(try await server.ask("/healthz").status == 200)
        #expect(start.duration(to: .now) < .seconds(5))
    }

    @Test func `F30: broken requests are refused, and nothing of them is done`() async throws {
        try await LiveServer.with { server async throws in
            let host = "Host: 127.0.0.1\r\n"
            let requests: [(String, String)] = [
                ("GARBAGE\r\n\r\n", "400"), ("GET / HTTP/9.9\r\n\(host)\r\n", ""), ("\u{16}\u{3}\u{1}\u{2}\u{0}", ""),
                ("GET / HTTP/1.1\r\n\r\n", "400"),
                ("GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", "403"),
                ("GET /%zz HTTP/1.1\r\n\(host)\r\n", "400"), ("GET /../../etc/passwd HTTP/1.1\r\n\(host)\r\n", "404"),
                ("GET /assets/..%2f..%2fetc%2fpasswd HTTP/1.1\r\n\(host)\r\n", "404"),
                ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400"), ("OPTIONS * HTTP/1.1\r\n\(host)\r\n", "400"),
                ("GET / HTTP/1.1\r\n\(host)X: \(String(repeating: "x", count: 1 << 20))\r\n\r\n", "400"),
                (
                    "GET / HTTP/1.1\r\n\(host)" + (0..<10_000).map { "X-\($0): 1\r\n" }.joined() + "\r\n", "400"
                ),
                ("GET /\(String(repeating: "a", count: 1 << 20)) HTTP/1.1\r\n\(host)\r\n", ""),
                ("POST /metrics HTTP/1.1\r\n\(host)Content-Length: -1\r\n\r\n", "400"),
                ("POST /metrics HTTP/1.1\r\n\(host)Content-Length: 99999999999999\r\n\r\n", "413"),
                (
                    "POST /metrics HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
                    ""
                ),
                ("POST /metrics HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", ""),
            ]
            for (request, status) in requests {
                let answer = try await server.exchange(request, for: 3)
                let name = request.prefix(60)
                let isRefused = answer.isEmpty || answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.0 4")
                #expect(isRefused, "\(name): \(answer.prefix(80))")
                if !status.isEmpty { #expect(answer.dropFirst(9).hasPrefix(status), "\(name): \(answer.prefix(80))") }
            }
            try await Self.expectHealthy(server)
        }
    }

    @Test func `F30: a whole address instead of a path is answered, as HTTP asks, for the host that is named`()
        async throws
    {
        try await LiveServer.with { server async throws in
            let own = try await server.exchange(
                "GET http://127.0.0.1/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            #expect(own.hasPrefix("HTTP/1.1 200"))
            let foreign = try await server.exchange(
                "GET http://127.0.0.1/metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
            #expect(foreign.hasPrefix("HTTP/1.1 403"))
        }
    }

    @Test func `F30: an endless body is cut`() async throws {
        try await LiveServer.with { server async throws in
            let wasCut = try await offPool {
                let connection = try RawConnection(port: server.port)
                connection.send(
                    "POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n")
                let chunk = "4000\r\n" + String(repeating: "x", count: 0x4000) + "\r\n"
                return (0..<1000).contains { _ in !connection.send(chunk) }
            }
            #expect(wasCut)
            try await Self.expectHealthy(server)
        }
    }

    @Test func `F30: requests one behind the other are answered in their order`() async throws {
        try await LiveServer.with { server async throws in
            let one = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            let last = "GET /none HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
            let answer = try await server.exchange(String(repeating: one, count: 200) + last, for: 20)
            #expect(answer.components(separatedBy: "HTTP/1.1 200").count == 201)
            #expect(answer.components(separatedBy: "HTTP/1.1 404").count == 2)
        }
    }

    @Test func `F30: connections that say nothing, or never end a request, are closed while others are served`()
        async throws
    {
        var limits = ServerLimits()
        limits.requestTimeout = .seconds(1)
        limits.idleTimeout = .seconds(2)
        try await LiveServer.with(limits: limits) { server async throws in
            let connections = try await offPool {
                try (0..<300).map { number in
                    let connection = try RawConnection(port: server.port)
                    // A third say nothing, a third begin a head, a third begin a body.
                    let texts = [
                        "", "GET / HTTP/1.1\r\nX: ", "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1",
                    ]
                    connection.send(texts[number % 3])
                    return connection
                }
            }
            try await Self.expectHealthy(server)
            let closed = try await offPool { connections.count { $0.isClosed(within: 5) } }
            #expect(closed == 300)
            try await Self.expectHealthy(server)
        }
    }

    @Test func `F30: more connections than are allowed wait, and are served when others end`() async throws {
        var limits = ServerLimits()
        limits.connections = 20
        limits.requestTimeout = .seconds(2)
        try await LiveServer.with(limits: limits) { server async throws in
            let idle = try await offPool { try (0..<20).map { _ in try RawConnection(port: server.port) } }
            let start = ContinuousClock.now
            #expect(try await server.ask("/healthz").status == 200)
            #expect(start.duration(to: .now) < .seconds(15))
            #expect(idle.count == 20)
        }
    }

    @Test func `F32: pages of other origins and names are refused`() async throws {
        try await LiveServer.with { server async throws in
            #expect(try await server.ask("/api/v1/queries", host: "evil.example:\(server.port)").status == 403)
            #expect(try await server.ask("/", host: "evil.example").errorCode == "forbidden")
            for origin in ["http://evil.example", "null"] {
                #expect(try await server.ask("/api/v1/queries", headers: ["Origin: \(origin)"]).status == 403)
            }
            let own = ["Origin: http://127.0.0.1:\(server.port)"]
            #expect(try await server.ask("/api/v1/queries", headers: own).status == 200)
        }
    }

    @Test func `F32: with a token everything but the way in asks for it`() async throws {
        let secret = "correct-horse-battery-staple"
        try await LiveServer.with(token: try AccessToken(secret)) { server async throws in
            for path in [
                "/metrics", "/healthz", "/api/v1/queries", "/api/v1/events", "/openapi.json", "/api/v1/alerts",
            ] {
                let answer = try await server.ask(path)
                #expect(answer.status == 401 && answer.errorCode == "unauthorized", "\(path)")
                #expect(answer.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
            }
            let page = try await server.ask("/")
            #expect(page.status == 401 && page.body.contains("action=\"/login\""))
            #expect(try await server.ask("/login").status == 200)
            let bearer = ["Authorization: Bearer \(secret)"]
            #expect(try await server.ask("/metrics", headers: bearer).status == 200)
            // A token in the address would stay in logs and histories.
            #expect(try await server.ask("/metrics?token=\(secret)").status == 401)
            let form = ["Content-Type: application/x-www-form-urlencoded"]
            let login = try await server.ask("POST", "/login", headers: form, body: "token=\(secret)")
            #expect(login.status == 303 && login.headers["location"] == "/")
            let cookie = try #require(login.headers["set-cookie"])
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains(secret))
            let session = ["Cookie: " + cookie.prefix { $0 != ";" }]
            #expect(try await server.ask("/api/v1/queries", headers: session).status == 200)
            let foreign = form + ["Origin: http://evil.example"]
            #expect(try await server.ask("POST", "/login", headers: foreign, body: "token=\(secret)").status == 403)
            let huge = "token=" + String(repeating: "x", count: 5000)
            #expect(try await server.ask("POST", "/login", headers: form, body: huge).status == 413)
            #expect(try await server.ask("POST", "/login", headers: form, body: "other=1").status == 400)
            for _ in 0..<10 {
                #expect(try await server.ask("POST", "/login", headers: form, body: "token=wrong").status == 401)
            }
            #expect(try await server.ask("POST", "/login", headers: form, body: "token=\(secret)").status == 429)
            #expect(try await server.ask("/metrics", headers: bearer).status == 200)
        }
    }

    @Test func `without a token nobody logs in`() async throws {
        try await LiveServer.with { server async throws in
            #expect(try await server.ask("/login").status == 404)
            #expect(try await server.ask("POST", "/login", body: "token=x").status == 404)
        }
    }

    @Test func `F33: names and reasons are text wherever they are shown`() async throws {
        let hub = MonitoringHub(settings: .replay)
        let name =
            "</script><img src=x onerror=alert(1)>\"\\\n\u{1b}[2J\u{202e}" + String(repeating: "n", count: 10_000)
        hub.take(QueryMaker(1, name: name), batch: 0)
        try await LiveServer.with(hub) { server async throws in
            let json = try await server.ask("/api/v1/queries")
            #expect(json.headers["content-type"] == "application/json; charset=utf-8")
            #expect((try json.json()["queries"] as? [[String: Any]])?.first?["name"] as? String == name)
            let metrics = try await server.ask("/metrics").body
            #expect(metrics.contains("onerror=alert(1)>\\\"\\\\\\n\u{1b}"))
            let lines = metrics.split(separator: "\n")
            #expect(lines.allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("streamgauge_") })
        }
    }
}
