import Foundation
import StreamingMetrics
import Testing

/// `top` without a terminal.
@Suite struct TopCommandTests {
    private let program = BuiltProgram()
    private let folder = TemporaryFolder()

    private func recording() throws -> String { try RecordedFleet.write("fleet.jsonl", in: folder) }

    @Test func `a recording into a pipe is one line for each query, the worst first, and then the end`() async throws {
        for arguments in [["--once"], ["--interval", "1"], []] {
            let run = try await program.run(["top", "--replay", try recording()] + arguments)
            #expect(run.status == 0 && run.error == "")
            let lines = run.output.split(separator: "\n")
            #expect(lines.count == 4, "\(run.output)")
            #expect(lines[0].hasPrefix("2026-11-23 10:00:40Z failed 00000003 ") && lines[0].contains(" has-failed: "))
            #expect(lines[1].contains(" behind 00000002 in=1000.0 processed=1010.1 batch=990ms trigger=1s lag=280000 "))
            #expect(!run.output.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
        }
    }

    @Test func `a recording of which no line is an event fails, and one with a bad line does not`() async throws {
        let bad = folder.url.appending(path: "bad.txt")
        try "no event\nnor this\n".write(to: bad, atomically: true, encoding: .utf8)
        let none = try await program.run(["top", "--replay", bad.path, "--once"])
        #expect(none.status == 1 && none.errorLines.count == 2)
        #expect(none.output.hasSuffix(" no query has been heard of yet; replay is ended\n"))
        let some = try await program.run(["top", "--replay", try recording(), "--replay", bad.path, "--once"])
        #expect(some.status == 0 && some.errorLines.count == 2)
    }

    @Test func `JSON has the interface's names, an object a line`() async throws {
        let run = try await program.run(["top", "--replay", try recording(), "--once", "--format", "json"])
        #expect(run.status == 0 && run.error == "")
        let rows = try run.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(rows.map { $0["state"]?.string } == ["failed", "behind", "processing", "processing"])
        #expect(rows[1]["name"]?.string == "falls-behind")
        #expect(rows[1]["id"]?.string == RecordedFleet.id(2).uuidString.lowercased())
        #expect(rows[1]["lagRecords"] == .integer(280_000))
        #expect(rows[1]["sizing"]?["kind"]?.string == "underProvisioned")
        #expect(rows.contains { $0["name"]?.string == RecordedFleet.hostileName })
    }

    @Test func `lines and JSON tell how many alerts fire, by the rules that are wanted`() async throws {
        func run(_ arguments: String...) async throws -> BuiltProgram.Output {
            try await program.run(["top", "--replay", try recording(), "--once"] + arguments)
        }
        let shipped = try await run()
        #expect(shipped.output.split(separator: "\n").first?.contains(" alerts=1 has-failed: ") == true)
        let none = try await run("--no-rules", "--format", "json")
        for line in none.output.split(separator: "\n") {
            #expect(try JSONValue(parsing: String(line))["firing"] == .null)
        }
        try folder.write(
            "rules.yml",
            "groups: [{name: g, rules: [{alert: Slow, expr: streamgauge_query_batch_duration_seconds > 0.9}]}]\n")
        let own = try await run("--rules", folder.path("rules.yml"), "--format", "json")
        let rows = try own.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(rows.map { $0["firing"] } == [.integer(0), .integer(1), .integer(0), .integer(0)], "\(own.error)")
        let both = try await run("--rules", folder.path("rules.yml"), "--no-rules")
        #expect(both.status == 2 && both.errorLines.count == 1)
        try folder.write("wrong.yml", "groups: [{name: g, rules: [{alert: Slow, expr: nonsense > 1}]}]\n")
        let wrong = try await run("--rules", folder.path("wrong.yml"))
        #expect(wrong.status == 1 && wrong.output == "" && wrong.error.contains("wrong.yml:1"))
    }

    @Test func `options that would be ignored are refused`() async throws {
        let live = ["--bootstrap-servers", "x", "--from-beginning"]
        for arguments in [
            ["--replay", "a", "--once", "--timeout", "3"], live + ["--timeout", "3"],
            live + ["--once", "--timeout", "0"], ["--replay", "a", "--insecure"],
            ["--replay", "a", "--speed", "1e30"],
        ] {
            let run = try await program.run(["top"] + arguments)
            #expect(run.status == 2 && run.output == "" && run.errorLines.count == 1, "\(arguments): \(run.error)")
        }
    }

    @Test func `nothing to show is said`() async throws {
        try folder.write("empty.jsonl", "")
        let run = try await program.run(["top", "--replay", folder.path("empty.jsonl"), "--once"])
        #expect(run.status == 0)
        #expect(run.output.contains("no query has been heard of yet; replay is ended"))
    }

    @Test func `what is on the topics is shown once, and then it ends`() async throws {
        let broker = try program.start(["broker", "--port", "0"])
        defer { broker.signal(SIGTERM) }
        try await broker.waitUntil { broker.output.hasSuffix("\n") }
        let servers = String(try #require(broker.output.split(separator: "=").last).dropLast())
        let forward = try await program.run(["forward", try recording(), "--bootstrap-servers", servers])
        #expect(forward.status == 0, "\(forward.error)")
        let run = try await program.run(["top", "--bootstrap-servers", servers, "--from-beginning", "--once"])
        #expect(run.status == 0, "\(run.error)")
        #expect(run.output.split(separator: "\n").count == 4)
        #expect(run.output.contains(" falls-behind: "))
    }

    @Test func `lines go on until a signal comes`() async throws {
        let broker = try program.start(["broker", "--port", "0"])
        defer { broker.signal(SIGTERM) }
        try await broker.waitUntil { broker.output.hasSuffix("\n") }
        let servers = String(try #require(broker.output.split(separator: "=").last).dropLast())
        for signal in [SIGTERM, SIGINT] {
            let run = try program.start(["top", "--bootstrap-servers", servers, "--interval", "1"])
            try await run.waitUntil { run.output.split(separator: "\n").count >= 2 }
            run.signal(signal)
            let end = try await run.wait()
            #expect(end.status == 0 && end.error == "")
        }
    }

    @Test func `what cannot be read is one error and the exit code 1`() async throws {
        let none = try await program.run(["top", "--replay", folder.path("none.jsonl")])
        #expect(none.status == 1 && none.output == "" && none.errorLines.count == 1)
        #expect(none.error.contains("none.jsonl"))
        let begun = ContinuousClock.now
        let away = try await program.run([
            "top", "--bootstrap-servers", "127.0.0.1:1", "--from-beginning", "--once", "--timeout", "1",
        ])
        #expect(begun.duration(to: .now) < .seconds(10))
        #expect(
            away.error.contains(" to its end: no contact for 1 s: ") && away.error.contains("--timeout"),
            "\(away.error)")
        #expect(away.status == 1 && away.output == "")
        #expect(away.errorLines.filter { $0.hasPrefix("error: ") }.count == 1, "\(away.error)")
    }
}
