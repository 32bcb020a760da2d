import Foundation
import FoundationNetworking
import MetricsTopic
import StreamingMetrics
import Testing

/// `serve`, as a user runs it.
@Suite struct ServeCommandTests {
    private let program = BuiltProgram()
    private static let fixtures = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "MonitoringTests/Fixtures")
    private static let recording = fixtures.appending(path: "spark-4.1.1/restart.jsonl").path

    /// Starts the command, and gives the address that it says it listens on.
    func serve(_ arguments: [String], listen: String = "127.0.0.1:0") async throws -> (RunningProgram, String) {
        let run = try program.start(["serve", "--listen", listen] + arguments)
        try await run.waitUntil { run.output.hasSuffix("\n") }
        let address = try #require(run.output.split(separator: " ").last, "\(run.error)").dropLast()
        #expect(run.output == "listening on \(address)\n")
        if arguments == ["--replay", Self.recording] { try await waitForEnd(ofReplayAt: String(address), run) }
        return (run, String(address))
    }

    /// A recording is read while the server listens already.
    private func waitForEnd(ofReplayAt address: String, _ run: RunningProgram) async throws {
        while run.isRunning, try await !get(address, "/healthz").text.contains("\"ended\"") {
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    func get(
        _ address: String, _ path: String, token: String? = nil
    ) async throws -> (status: Int, text: String) {
        var request = URLRequest(url: try #require(URL(string: address + path)))
        request.setValue(token.map { "Bearer \($0)" }, forHTTPHeaderField: "Authorization")
        request.timeoutInterval = 20
        let (data, response) = try await URLSession(configuration: .ephemeral).data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }

    private func rows(_ text: String) throws -> [[String: Any]] {
        let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return json?["queries"] as? [[String: Any]] ?? []
    }

    @Test func `a recording is served until a signal comes`() async throws {
        for signal in [SIGTERM, SIGINT] {
            let (run, address) = try await serve(["--replay", Self.recording])
            let list = try await get(address, "/api/v1/queries")
            #expect(list.status == 200)
            #expect(try !rows(list.text).isEmpty)
            #expect(try await get(address, "/").text.contains("StreamGauge"))
            #expect(try await get(address, "/metrics").text.contains("streamgauge_query_state{"))
            let stream = Task { try await get(address, "/api/v1/events").text }
            while try await !get(address, "/metrics").text.contains("streamgauge_server_event_streams 1") {
                try await Task.sleep(for: .milliseconds(20))
            }
            run.signal(signal)
            let end = try await run.wait()
            #expect(end.status == 0 && end.error == "")
            #expect(try await stream.value.contains(": the server ends"))
        }
    }

    @Test func `a program that is copied alone has the page with it`() async throws {
        let folder = TemporaryFolder()
        try FileManager.default.copyItem(atPath: program.path, toPath: folder.path("alone"))
        let run = try RunningProgram(
            executable: folder.url(name: "alone"),
            arguments: ["serve", "--replay", Self.recording, "--listen", "127.0.0.1:0"],
            input: nil, output: nil)
        try await run.waitUntil { run.output.hasSuffix("\n") }
        let address = String(try #require(run.output.split(separator: " ").last).dropLast())
        let page = try await get(address, "/")
        #expect(page.status == 200 && page.text.hasPrefix("<!doctype html>"))
        #expect(try await get(address, "/openapi.json").text.contains("\"3.1.0\""))
        run.signal(SIGTERM)
        #expect(try await run.wait().status == 0)
    }

    @Test func `a server that is killed is back at once, and knows its recording`() async throws {
        let (first, address) = try await serve(["--replay", Self.recording])
        let before = try rows(await get(address, "/api/v1/queries").text) as NSArray
        first.signal(SIGKILL)
        _ = try await first.wait()
        let listen = String(address.dropFirst("http://".count))
        let (second, again) = try await serve(["--replay", Self.recording], listen: listen)
        #expect(again == address)
        // The same values; tables have no order.
        let after = try rows(await get(again, "/api/v1/queries").text) as NSArray
        #expect(after.count > 0 && after == before)
        second.signal(SIGTERM)
        #expect(try await second.wait().status == 0)
    }

    @Test func `what is forwarded to the topics is on the page`() async throws {
        let broker = try program.start(["broker", "--port", "0"])
        defer { broker.signal(SIGTERM) }
        try await broker.waitUntil { broker.output.hasSuffix("\n") }
        let servers = String(try #require(broker.output.split(separator: "=").last).dropLast())
        let forward = try await program.run(["forward", Self.recording, "--bootstrap-servers", servers])
        #expect(forward.status == 0, "\(forward.error)")
        let (run, address) = try await serve(["--bootstrap-servers", servers, "--from-beginning"])
        let lines = try String(contentsOfFile: Self.recording, encoding: .utf8).split(separator: "\n")
        func isRead() async throws -> Bool {
            let metrics = try await get(address, "/metrics").text
            return metrics.contains("streamgauge_feed_events_total{feed=\"kafka\"} \(lines.count)")
                && metrics.contains("streamgauge_feed_state{feed=\"kafka\",state=\"live\"} 1")
        }
        while try await !isRead(), run.isRunning { try await Task.sleep(for: .milliseconds(50)) }
        let events = try lines.map { try StreamingQueryEvent(json: String($0)) }
        #expect(try rows(await get(address, "/api/v1/queries").text).count == Set(events.map(\.id)).count)
        #expect(try await get(address, "/healthz").status == 200)
        run.signal(SIGTERM)
        #expect(try await run.wait().status == 0)
    }

    @Test func `a broker that is not there is told once, and everything else works`() async throws {
        let (run, address) = try await serve(["--bootstrap-servers", "127.0.0.1:1"])
        while try await !get(address, "/healthz").text.contains("\"state\":\"away\"") {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try await get(address, "/api/v1/queries").text.contains("\"total\":0"))
        run.signal(SIGTERM)
        let end = try await run.wait()
        #expect(end.status == 0)
        #expect(end.errorLines.filter { $0.hasPrefix("warning: ") }.count == 1, "\(end.error)")
    }

    @Test func `a token keeps others out, and shows nowhere`() async throws {
        let folder = TemporaryFolder()
        let token = "a-token-of-some-length"
        try folder.write("token", token + "\n")
        chmod(folder.path("token"), 0o600)
        let (run, address) = try await serve(
            ["--replay", Self.recording, "--token-file", folder.path("token")], listen: "0.0.0.0:0")
        let here = address.replacing("0.0.0.0", with: "127.0.0.1")
        #expect(try await get(here, "/api/v1/queries").status == 401)
        #expect(try await get(here, "/api/v1/queries", token: token + "x").status == 401)
        #expect(try await get(here, "/api/v1/queries", token: token).status == 200)
        #expect(try await !get(here, "/metrics", token: token).text.contains(token))
        run.signal(SIGTERM)
        let end = try await run.wait()
        #expect(!(end.output + end.error).contains(token))
    }

    @Test func `what cannot be is one error and the exit code 1`() async throws {
        let folder = TemporaryFolder()
        try folder.write("open-token", "a-token-of-some-length")
        chmod(folder.path("open-token"), 0o644)
        let (run, address) = try await serve(["--replay", Self.recording])
        let taken = String(address.dropFirst("http://".count))
        let cases: [([String], String)] = [
            (
                ["--replay", Self.recording, "--listen", taken],
                "cannot listen on \(taken): Address already in use (end what uses the port, or choose another)"
            ),
            (["--replay", Self.recording, "--listen", "0.0.0.0:0"], "no token is given"),
            (["--replay", Self.recording, "--listen", "[::]:0"], "no token is given"),
            (["--replay", Self.recording, "--listen", "192.0.2.1:0", "--token-file", folder.path("none")], "none"),
            (["--replay", Self.recording, "--token-file", folder.path("open-token")], "others than its owner"),
            (["--replay", folder.path("none.jsonl")], "none.jsonl"),
            (["--bootstrap-servers", "x", "--listen", taken], "Address already in use"),
        ]
        for (arguments, reason) in cases {
            let end = try await program.run(["serve"] + arguments)
            #expect(end.status == 1 && end.output == "")
            let errors = end.errorLines.filter { $0.hasPrefix("error: ") }
            #expect(errors.count == 1 && errors[0].contains(reason), "\(arguments): \(end.error)")
        }
        run.signal(SIGTERM)
        _ = try await run.wait()
    }

    @Test func `Prometheus scrapes it`() async throws {
        let script = Self.fixtures.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "scripts/prometheus-test")
        let run = try await RunningProgram(
            executable: URL(filePath: "/bin/bash"), arguments: [script.path, program.path, Self.recording], input: nil,
            output: nil
        ).wait()
        #expect(run.status == 0, "\(run.output)\(run.error)")
        #expect(run.output.hasSuffix("scraped, and nothing to complain of\n"))
    }
}
