import Foundation
import Monitoring
import StreamingMetrics
import Testing

@testable import AlertChannels

/// Webhooks against a real socket.
@Suite struct WebhookChannelTests {
    private func webhook(_ server: ScriptedServer, _ more: String = "", path: String = "/hook") throws
        -> any AlertChannel
    {
        try Sample.channel(
            """
            external_url: https://gauge.example.com/
            channels:
              - name: ops
                timeout: 5s
                webhook:
                  url: \(server.address)\(path)
                  allow_http: true
                  allow_private: true
                  \(more)
            """, environment: ["TOKEN": "Bearer s3cret-token"])
    }

    @Test func `a notice is POSTed as JSON with Alertmanager's fields and our own`() async throws {
        let server = try ScriptedServer()
        defer { server.close() }
        let notice = Sample.notice([Sample.alert(), Sample.alert("QueryFailed", .resolved)])
        #expect(await failure(of: try webhook(server), notice) == nil)
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("POST /hook HTTP/1.1"))
        #expect(request.header("Content-Type") == "application/json")
        #expect(request.header("Idempotency-Key") == notice.key)
        let body = try JSONValue(parsing: request.body)
        #expect(body["version"]?.string == "4" && body["receiver"]?.string == "ops")
        #expect(body["status"]?.string == "firing" && body["groupKey"]?.string == notice.group)
        #expect(body["commonLabels"]?["query"]?.string == "orders" && body["commonLabels"]?["alertname"] == nil)
        #expect(body["truncatedAlerts"]?.int64 == 0 && body["repeated"]?.bool == false)
        let alerts = try #require(body["alerts"]?.elements)
        #expect(alerts.map { $0["status"]?.string } == ["firing", "resolved"])
        #expect(alerts[0]["startsAt"]?.string == "2026-11-28T20:01:00.000Z")
        #expect(alerts[0]["endsAt"]?.string == "0001-01-01T00:00:00Z")
        #expect(alerts[1]["endsAt"]?.string == "2026-11-28T20:02:00.000Z")
        #expect(
            alerts[0]["generatorURL"]?.string
                == "https://gauge.example.com/queries/0a0a0a0a-0000-4000-8000-000000000001")
        #expect(alerts[0]["value"]?.double == 1 && alerts[0]["new"]?.bool == true)
    }

    @Test func `headers and a login are sent, and a secret one comes from the environment`() async throws {
        let server = try ScriptedServer()
        defer { server.close() }
        let folder = try TestFolder()
        let password = try folder.write("password", "pa:ss\n")
        let channel = try webhook(
            server,
            "headers: {X-Token: 'env:TOKEN', X-Team: data}\n      username: me\n      password: file:\(password)")
        #expect(await failure(of: channel) == nil)
        let request = try #require(server.requests.first)
        #expect(request.header("X-Token") == "Bearer s3cret-token" && request.header("X-Team") == "data")
        #expect(request.header("Authorization") == "Basic " + Data("me:pa:ss".utf8).base64EncodedString())
    }

    @Test func `F33 what a query calls itself cannot break out of a template's JSON`() async throws {
        let server = try ScriptedServer()
        defer { server.close() }
        let channel = try webhook(
            server,
            #"template: '{"text": "{{ $labels.query }} {{ $labels.status | toUpper }}", "admin": false, "n": [1, "{{ $value }}"]}'"#
        )
        let hostile = "x\", \"admin\": true, \"y\": \"\u{1b}[31m\n\\"
        #expect(await failure(of: channel, Sample.notice([Sample.alert(query: hostile)])) == nil)
        let body = try JSONValue(parsing: try #require(server.requests.first?.body))
        #expect(body["text"]?.string == hostile + " FIRING")
        #expect(body["admin"]?.bool == false && body.members?.count == 3)
        #expect(body["n"]?.elements?.last?.string == "1")
    }

    @Test func `F33 a message for Slack mentions nobody and links nowhere`() async throws {
        let server = try ScriptedServer()
        defer { server.close() }
        let channel = try webhook(server, "shape: slack")
        let hostile = "<!channel> <https://evil.example|click> & \u{202e}txt\u{1b}[2J"
        #expect(await failure(of: channel, Sample.notice([Sample.alert(summary: hostile)])) == nil)
        let body = try #require(server.requests.first?.body)
        let attachment = try #require(try JSONValue(parsing: body)["attachments"]?.elements?.first)
        #expect(attachment["color"]?.string == "danger")
        #expect(attachment["title"]?.string?.hasPrefix("[FIRING:1] QueryStalled: &lt;!channel&gt; &lt;https:") == true)
        for character in ["<", ">", "\u{202e}", "\u{1b}"] { #expect(!body.contains(character)) }
        #expect(await failure(of: channel, Sample.notice([Sample.alert("QueryStalled", .resolved)])) == nil)
        #expect(server.requests.last?.body.contains(#""color":"good""#) == true)
    }

    @Test func `a template of plain text is sent as it is`() async throws {
        let server = try ScriptedServer()
        defer { server.close() }
        let channel = try webhook(
            server, "content_type: text/plain\n      template: '{{ $labels.title }} ({{ $labels.firing }})'")
        #expect(await failure(of: channel) == nil)
        let request = try #require(server.requests.first)
        #expect(request.header("Content-Type") == "text/plain")
        #expect(request.body == "[FIRING:1] QueryStalled: orders stands still (1)")
    }

    // MARK: F34

    @Test(arguments: [
        "http://localhost:PORT/", "http://LOCALHOST:PORT/", "http://alerts.localhost:PORT/",
    ])
    func `F34 a name that resolves to this machine is refused, and no connection is made`(url: String) async throws {
        let server = try ScriptedServer()
        defer { server.close() }
        let channel = try Sample.channel(
            """
            channels:
              - name: ops
                webhook: {url: "\(url.replacingOccurrences(of: "PORT", with: "\(server.port)"))", allow_http: true}
            """)
        let error = try #require(await failure(of: channel))
        #expect(error.code == .addressRefused && !error.isRetriable)
        #expect(error.message.contains("resolves to") && error.message.contains("loopback"), "\(error)")
        #expect(server.requests.isEmpty && server.mostConnections == 0)
    }

    /// The socket is opened for the very address that was looked at. A name that resolves to another address with each look gains
    /// nothing: here the policy allows one address of the two that localhost may have, and the other is never connected to.
    @Test func `F34 only the address that is allowed is connected to, whatever else a name resolves to`() async throws {
        let server = try ScriptedServer()
        defer { server.close() }
        func channel(_ network: String) throws -> any AlertChannel {
            try Sample.channel(
                """
                channels:
                  - name: ops
                    webhook: {url: "http://localhost:\(server.port)/", allow_http: true, allow_networks: ["\(network)"]}
                """)
        }
        #expect(await failure(of: try channel("127.0.0.1")) == nil)
        let error = try #require(await failure(of: try channel("10.0.0.0/8")))
        #expect(error.code == .addressRefused)
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [
        "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[::1]/", "http://localhost:1/",
    ])
    func `F34 a redirect is not followed, wherever it leads`(target: String) async throws {
        let server = try ScriptedServer { _ in .status(302, headers: ["Location: \(target)"], body: "moved") }
        defer { server.close() }
        let error = try #require(await failure(of: try webhook(server)))
        #expect(error.code == .refused && !error.isRetriable)
        #expect(error.message.contains("302") && error.message.contains("redirects are not followed"), "\(error)")
        #expect(server.requests.count == 1)
    }

    @Test func `F34 no proxy of the environment is asked`() async throws {
        let proxy = try ScriptedServer()
        let server = try ScriptedServer()
        defer {
            proxy.close()
            server.close()
        }
        for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] { setenv(name, proxy.address, 1) }
        defer { for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] { unsetenv(name) } }
        #expect(await failure(of: try webhook(server)) == nil)
        #expect(server.requests.count == 1 && proxy.requests.isEmpty)
    }

    // MARK: F35

    @Test func `F35 a server that never answers is given up after the channel's time limit`() async throws {
        let server = try ScriptedServer { _ in .silence }
        defer { server.close() }
        let channel = try Sample.channel(
            """
            channels:
              - name: ops
                timeout: 300ms
                webhook: {url: "\(server.address)/", allow_http: true, allow_private: true}
            """)
        let error = try #require(await failure(of: channel))
        #expect(error.code == .timedOut && error.isRetriable, "\(error)")
    }

    @Test func `F35 a delivery that hangs ends when its task is cancelled`() async throws {
        let server = try ScriptedServer { _ in .silence }
        defer { server.close() }
        let channel = try Sample.channel(
            """
            channels:
              - name: ops
                timeout: 10m
                webhook: {url: "\(server.address)/", allow_http: true, allow_private: true}
            """)
        let task = Task { await failure(of: channel) }
        _ = try #require(server.wait(for: 1))
        task.cancel()
        #expect(await task.value?.code == .cancelled)
    }

    @Test(arguments: [
        (500, true), (503, true), (429, true), (408, true), (400, false), (401, false), (404, false), (410, false),
    ])
    func `F35 a refusal is told with its status, and says whether to try again`(status: Int, isRetriable: Bool)
        async throws
    {
        let server = try ScriptedServer { _ in
            .status(
                status, headers: ["Retry-After: 7"],
                body: "no \u{1b}[31m\nBearer s3cret-token \(String(repeating: "x", count: 5000))")
        }
        defer { server.close() }
        let error = try #require(
            await failure(of: try webhook(server, "headers: {X-Token: 'env:TOKEN'}", path: "/hook-secret")))
        #expect(error.code == .refused && error.isRetriable == isRetriable)
        #expect(error.retryAfter == (isRetriable ? .seconds(7) : nil))
        #expect(error.message.hasPrefix("cannot POST to \(server.address): it answered \(status): no"), "\(error)")
        #expect(error.message.utf8.count < 400 && !error.message.contains("\u{1b}"))
        #expect(!error.message.contains("s3cret") && !error.message.contains("hook-secret"), "\(error)")
    }

    @Test(arguments: [200, 500]) func `F35 an endless answer is read in part, and its status counts`(status: Int)
        async throws
    {
        let block = String(repeating: "x", count: 65_536)
        let server = try ScriptedServer { _ in
            .raw("HTTP/1.1 \(status) Text\r\nContent-Length: 1000000000\r\n\r\n" + block, repeated: 160)
        }
        defer { server.close() }
        #expect(await failure(of: try webhook(server))?.code == (status == 200 ? nil : .refused))
    }

    @Test func `F35 endless headers are refused`() async throws {
        let server = try ScriptedServer { _ in
            .raw(
                "HTTP/1.1 200 OK\r\n"
                    + String(repeating: "X-Filler: \(String(repeating: "y", count: 500))\r\n", count: 400))
        }
        defer { server.close() }
        #expect(await failure(of: try webhook(server))?.code == .malformedAnswer)
    }

    @Test(arguments: ["", "garbage\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"])
    func `F35 an answer that is none is an error and no crash`(answer: String) async throws {
        let server = try ScriptedServer { _ in .raw(answer) }
        defer { server.close() }
        let error = try #require(await failure(of: try webhook(server)))
        #expect(error.isRetriable && [.unreachable, .malformedAnswer].contains(error.code), "\(error)")
    }

    @Test func `F35 a server that is not there is told by its address alone`() async throws {
        let server = try ScriptedServer()
        server.close()
        while await failure(of: try webhook(server)) == nil { await Task.yield() }
        let error = try #require(await failure(of: try webhook(server, path: "/hook-secret")))
        #expect(error.code == .unreachable && error.isRetriable)
        #expect(error.message.hasPrefix("cannot POST to \(server.address): ") && !error.message.contains("hook-secret"))
    }

    @Test func `F35 a certificate that nobody vouches for is refused, and one of ca_file accepted`() async throws {
        let folder = try TestFolder()
        let end = try TLSServer(folder)
        func channel(_ more: String) throws -> any AlertChannel {
            try Sample.channel(
                """
                channels:
                  - name: ops
                    webhook: {url: "https://localhost:\(end.port)/", allow_private: true\(more)}
                """)
        }
        let error = try #require(await failure(of: try channel("")))
        #expect(error.code == .tlsFailed && error.message.contains("certificate"), "\(error)")
        #expect(await failure(of: try channel(", ca_file: \(folder.file("localhost.pem"))")) == nil)
    }
}

/// The end of TLS that openssl has, which answers every request with a page.
private final class TLSServer {
    let port: Int
    private let process = Process()

    init(_ folder: TestFolder) throws {
        try folder.makeCertificate()
        let free = try ScriptedServer()
        port = free.port
        free.close()
        let script = """
            import http.server, ssl, sys
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    self.rfile.read(int(self.headers["Content-Length"]))
                    self.send_response(204)
                    self.end_headers()
                def log_message(self, *arguments):
                    pass
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[2], sys.argv[3])
            server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.handle_error = lambda *arguments: None
            print("ready", flush=True)
            server.serve_forever()
            """
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", script, "\(port)", folder.file("localhost.pem"), folder.file("localhost.key")]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle(forWritingAtPath: "/dev/null")
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        try #require(line.hasPrefix("ready"), "the server with TLS did not begin")
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
}
