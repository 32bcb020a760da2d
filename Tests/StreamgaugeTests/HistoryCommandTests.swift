import Foundation
import FoundationNetworking
import StreamingMetrics
import Testing

/// `history`, as a user runs it.
@Suite struct HistoryCommandTests {
    private let program = BuiltProgram()
    private let folder = TemporaryFolder()
    private var file: String { folder.path("history.db") }
    private static let fixtures = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "MonitoringTests/Fixtures")
    private static let recording = fixtures.appending(path: "spark-4.1.1/restart.jsonl").path

    /// A run of batches, one a second, as lines of a recording.
    private func recording(_ name: String?, batches: Int, rows: (Int) -> Int64 = { _ in 100 }) -> (UUID, String) {
        let (id, runId) = (UUID(), UUID())
        let lines = (0..<batches).map { number in
            StreamingQueryProgress(
                id: id, runId: runId, name: name,
                timestamp: ProgressTimestamp(millisecondsSinceEpoch: 1_700_006_400_000 + Int64(number) * 1000),
                batchId: Int64(number), batchDuration: 250, numInputRows: rows(number), inputRowsPerSecond: 100.25,
                processedRowsPerSecond: 400, durationMs: ["addBatch": 200, "triggerExecution": 250],
                sink: SinkProgress(description: "noop")
            ).json
        }
        return (id, lines.joined(separator: "\n") + "\n")
    }

    @Test func `a batch's JSON is told as Spark writes it, and one that is not there with what to do`() async throws {
        let (id, text) = recording("orders", batches: 5)
        try folder.write("a.jsonl", text)
        try await rebuild(folder.path("a.jsonl"))
        let found = try await history("--query", "orders", "--batch", "3")
        #expect(found.status == 0 && found.output == text.split(separator: "\n")[3] + "\n", "\(found.error)")
        let missing = try await history("--query", id.uuidString, "--batch", "7")
        #expect(missing.status == 1 && missing.output == "")
        #expect(missing.error.contains("the JSON of batch 7 of orders is not in \(file) (it is kept for a day at most"))
        #expect(try await history("--batch", "3").status == 2)
        #expect(try await history("--query", "orders", "--batch", "3", "--format", "csv").status == 2)
    }

    @Test func `a name with a NUL in it is there, with another mark in its place`() async throws {
        let (_, text) = recording("or\u{0}ders", batches: 2)
        try folder.write("nul.jsonl", text)
        try await rebuild(folder.path("nul.jsonl"))
        let list = try await history("--format", "csv")
        #expect(list.output.split(separator: "\n").last?.hasPrefix("or\u{fffd}ders,") == true, "\(list.output)")
        #expect(try await history("--query", "or\u{fffd}ders", "--format", "csv").status == 0)
    }

    @Test func `rows that are too old to be kept are told, with the resolution that reaches them`() async throws {
        let (id, text) = recording("orders", batches: 2)
        // Three days of one trigger an hour.
        let lines = text.split(separator: "\n")[0]
        let start: Int64 = 1_700_006_400_000
        let first = "\(ProgressTimestamp(millisecondsSinceEpoch: start))"
        let hours = (0..<72).map { hour in
            lines.replacingOccurrences(
                of: first, with: "\(ProgressTimestamp(millisecondsSinceEpoch: start + Int64(hour) * 3_600_000))"
            ).replacingOccurrences(of: #""batchId":0"#, with: #""batchId":\#(hour)"#)
        }
        try folder.write("days.jsonl", hours.joined(separator: "\n"))
        try await rebuild(folder.path("days.jsonl"))
        let raw = try await history("--query", id.uuidString, "--resolution", "raw", "--format", "csv")
        #expect(raw.status == 0 && raw.output.split(separator: "\n").count < 30)
        #expect(
            raw.error.hasPrefix("note: triggers before 2023-11-1")
                && raw.error.hasSuffix("are not kept any more. --resolution 1m or 1h reaches back further.\n"),
            "\(raw.error)")
        let lastDay = try await history(
            "--query", id.uuidString, "--resolution", "raw", "--since", "2023-11-17T12:00:00Z", "--format", "csv")
        #expect(lastDay.error == "" && lastDay.output.split(separator: "\n").count > 5)
        let minutes = try await history("--query", id.uuidString, "--resolution", "1m", "--format", "csv")
        #expect(minutes.error == "" && minutes.output.split(separator: "\n").count == 73)
    }

    private func rebuild(_ recordings: String...) async throws {
        let end = try await program.run(
            ["history", "rebuild", "--history", file] + recordings.flatMap { ["--replay", $0] })
        #expect(end.status == 0 && end.output == "", "\(end.error)")
        #expect(end.error.hasPrefix("read ") && end.error.contains("into \(file)"))
    }

    private func history(_ arguments: String...) async throws -> BuiltProgram.Output {
        try await program.run(["history", "--history", file] + arguments)
    }

    @Test func `queries are listed, and a query's rows are told in each format`() async throws {
        let (id, text) = recording("=cmd|'/c calc'!A1,\"x\"", batches: 120)
        try folder.write("a.jsonl", text)
        // Alone: beside a recording of years later it would be too old to be kept.
        try await rebuild(folder.path("a.jsonl"))
        let list = try await history()
        #expect(list.status == 0 && list.error == "")
        #expect(list.output.split(separator: "\n").count == 3 && list.output.contains(id.uuidString.lowercased()))
        let text1 = try await history("--query", id.uuidString, "--resolution", "1m", "--format", "csv")
        let lines = text1.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 3 && lines[0].hasPrefix("time,name,id,stepSeconds,triggers,batches,inputRows,lateRows,"))
        let quoted = "\"'=cmd|'/c calc'!A1,\"\"x\"\"\""
        #expect(
            lines[1].hasPrefix(
                "2023-11-15T00:00:00.000Z,\(quoted),\(id.uuidString.lowercased()),60,60,60,6000,,,100,100,100,100.3,"))
        #expect(lines[1].hasSuffix(",addBatch=0.2") && lines[2].hasPrefix("2023-11-15T00:01:00.000Z,"))
        #expect(Set(lines.map { $0.replacing(quoted, with: "q").count { $0 == "," } }).count == 1)
        let json = try await history("--query", id.uuidString, "--resolution", "raw", "--format", "json").output
        let first = try JSONSerialization.jsonObject(with: Data(json.split(separator: "\n")[0].utf8)) as? [String: Any]
        #expect(first?["name"] as? String == "=cmd|'/c calc'!A1,\"x\"" && first?["batchId"] as? Int == 0)
        #expect(first?["durationSeconds"] as? Double == 0.25 && first?["lagRecords"] is NSNull)
        #expect(first?["phaseSeconds"] as? [String: Double] == ["addBatch": 0.2])
        #expect(json.split(separator: "\n").count == 120)
        let table = try await history("--query", id.uuidString, "--until", "2023-11-15T00:00:09Z").output
        #expect(table.split(separator: "\n").count == 12 && table.contains("rows/s processed"))
        let hour = try await history(
            "--query", id.uuidString, "--since", "2023-11-15T00:00:30Z", "--resolution", "1h", "--format", "json"
        ).output
        #expect(hour.split(separator: "\n").count == 1 && hour.contains("\"triggers\":120,"))
    }

    @Test func `a history is read in a folder that may not be written, and says so where that cannot be`() async throws
    {
        let (_, text) = recording("orders", batches: 3)
        // A name with all that an address would take for something else.
        let path = folder.path("shelf/50%25 #1?.db")
        try folder.write("shelf/a.jsonl", text)
        let made = try await program.run(
            ["history", "rebuild", "--history", path, "--replay", folder.path("shelf/a.jsonl")])
        #expect(made.status == 0, "\(made.error)")
        // What its last reader left, which is empty, may have been tidied away.
        for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        chmod(path, 0o444)
        chmod(folder.path("shelf"), 0o555)
        defer { chmod(folder.path("shelf"), 0o755) }
        let read = try await program.runWithoutRights(["history", "--history", path, "--query", "orders"])
        #expect(read.status == 0 && read.output.split(separator: "\n").count == 5, "\(read.output)\(read.error)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path("shelf")).allSatisfy {
                !$0.contains("-shm")
            })
        // What a killed writer left cannot be read without an index beside it.
        chmod(folder.path("shelf"), 0o755)
        try "not moved yet".write(toFile: path + "-wal", atomically: true, encoding: .utf8)
        chmod(folder.path("shelf"), 0o555)
        let left = try await program.runWithoutRights(["history", "--history", path])
        #expect(left.status == 1 && left.errorLines.count == 1, "\(left.output)")
        #expect(left.error.contains("-wal has what is not in the file itself yet"), "\(left.error)")
        chmod(path, 0)
        let closed = try await program.runWithoutRights(["history", "--history", path])
        #expect(closed.status == 1 && closed.error.contains("may not be read by this user"), "\(closed.error)")
    }

    @Test func `changes of state are told`() async throws {
        try await rebuild(Self.recording)
        let list = try await history("--format", "json").output
        let query = try JSONSerialization.jsonObject(with: Data(list.utf8)) as? [String: Any]
        let id = try #require(query?["id"] as? String)
        let states = try await history("--query", id, "--states")
        #expect(states.status == 0 && states.output.contains("processing"), "\(states.output)\(states.error)")
        #expect(states.output.contains("restarting"))
    }

    @Test func `a rebuild that is killed again and again gives what an undisturbed one gives`() async throws {
        let (id, text) = recording("orders", batches: 9_000, rows: { Int64($0 % 977) })
        let (other, more) = recording(nil, batches: 3_000)
        try folder.write("a.jsonl", text)
        try folder.write("b.jsonl", more)
        let paths = ["--replay", folder.path("a.jsonl"), "--replay", folder.path("b.jsonl")]
        var kills = 0
        for _ in 0..<6 {
            let run = try program.start(["history", "rebuild", "--history", file] + paths)
            // From the first transaction on, and then somewhere.
            let log = file + "-wal"
            try await run.waitUntil {
                let attributes = try? FileManager.default.attributesOfItem(atPath: log)
                return (attributes?[.size] as? Int ?? 0) > 0
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...1500)))
            guard run.isRunning else { break }
            run.signal(SIGKILL)
            _ = try await run.wait()
            kills += 1
        }
        #expect(kills > 0)
        let end = try await program.run(["history", "rebuild", "--history", file] + paths)
        #expect(end.status == 0, "\(end.error)")
        let whole = folder.path("whole.db")
        #expect(try await program.run(["history", "rebuild", "--history", whole] + paths).status == 0)
        for arguments in [
            [], ["--query", "orders", "--resolution", "raw"], ["--query", "orders", "--resolution", "1m"],
            ["--query", "orders", "--resolution", "1h"], ["--query", other.uuidString, "--resolution", "1m"],
        ] {
            let first = try await program.run(["history", "--history", file, "--format", "json"] + arguments)
            let second = try await program.run(["history", "--history", whole, "--format", "json"] + arguments)
            #expect(first.status == 0 && first.output == second.output && !first.output.isEmpty, "\(arguments)")
        }
        let hours = try await program.run(
            ["history", "--history", whole, "--query", id.uuidString, "--resolution", "1h", "--format", "csv"])
        let triggers = hours.output.split(separator: "\n").dropFirst().compactMap { Int($0.split(separator: ",")[4]) }
        #expect(triggers.reduce(0, +) == 9_000)
    }

    @Test func `what serve wrote live from a topic, a rebuild from the topic gives again`() async throws {
        let broker = try program.start(["broker", "--port", "0"])
        defer { broker.signal(SIGTERM) }
        try await broker.waitUntil { broker.output.hasSuffix("\n") }
        let servers = String(try #require(broker.output.split(separator: "=").last).dropLast())
        let live = folder.path("live.db")
        func serve(_ more: String...) async throws -> RunningProgram {
            let run = try program.start(
                ["serve", "--bootstrap-servers", servers, "--listen", "127.0.0.1:0", "--history", live] + more)
            try await run.waitUntil { run.output.hasSuffix("\n") }
            return run
        }
        func metric(_ run: RunningProgram, _ name: String) async throws -> Int {
            let address = String(try #require(run.output.split(separator: " ").last).dropLast())
            let url = try #require(URL(string: address + "/metrics"))
            let text = String(decoding: try await URLSession.shared.data(from: url).0, as: UTF8.self)
            let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            return line.flatMap { Int($0.split(separator: " ")[1]) } ?? -1
        }
        let text = try String(contentsOfFile: Self.recording, encoding: .utf8).split(separator: "\n")
        let half = text.count / 2
        func forward(_ lines: ArraySlice<Substring>) async throws {
            let end = try await program.run(
                ["forward", "-", "--bootstrap-servers", servers], input: lines.joined(separator: "\n") + "\n")
            #expect(end.status == 0, "\(end.error)")
        }
        // The topics are there before they are listened to, so that nothing comes before the reader does.
        try await forward(text[0..<1])
        let first = try await serve()
        while try await metric(first, "streamgauge_history_events_total") < 0 {
            try await Task.sleep(for: .milliseconds(20))
        }
        try await waitForLive(first, metric)
        try await forward(text[1..<half])
        while try await metric(first, "streamgauge_history_events_total") < half - 1, first.isRunning {
            try await Task.sleep(for: .milliseconds(50))
        }
        first.signal(SIGKILL)
        _ = try await first.wait()
        // What the first one wrote counts once. (This broker finds no record by its time, which is how a server goes on by itself.)
        try await forward(text[half...])
        let second = try await serve("--from-beginning")
        while try await metric(second, "streamgauge_history_events_total") < text.count, second.isRunning {
            try await Task.sleep(for: .milliseconds(50))
        }
        second.signal(SIGTERM)
        #expect(try await second.wait().status == 0)
        let rebuilt = try await program.run(["history", "rebuild", "--history", file, "--bootstrap-servers", servers])
        #expect(rebuilt.status == 0, "\(rebuilt.error)")
        let list = try await program.run(["history", "--history", live, "--format", "json"]).output
        #expect(try await history("--format", "json").output == list)
        for line in list.split(separator: "\n") {
            let query = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let id = try #require(query?["id"] as? String)
            for resolution in ["raw", "1m", "1h"] {
                let arguments = ["--query", id, "--resolution", resolution, "--format", "json"]
                let before = try await program.run(["history", "--history", live] + arguments)
                let after = try await program.run(["history", "--history", file] + arguments)
                #expect(before.output == after.output && !after.output.isEmpty)
            }
        }
    }

    private func waitForLive(
        _ run: RunningProgram, _ metric: (RunningProgram, String) async throws -> Int
    ) async throws {
        let name = "streamgauge_feed_state{feed=\"kafka\",state=\"live\"}"
        while try await metric(run, name) != 1, run.isRunning { try await Task.sleep(for: .milliseconds(50)) }
    }

    @Test func `what cannot be is one error`() async throws {
        try folder.write("notes.txt", String(repeating: "some notes\n", count: 500))
        let (_, text) = recording("orders", batches: 3)
        let (_, same) = recording("orders", batches: 3)
        try folder.write("a.jsonl", text)
        try folder.write("b.jsonl", same)
        try await rebuild(folder.path("a.jsonl"), folder.path("b.jsonl"))
        let cases: [([String], Int32, String)] = [
            (["--history", folder.path("none.db")], 1, "No such file or directory; check the path"),
            (["--history", "/"], 1, "cannot open the history /: it is a folder; "),
            (["rebuild", "--history", "/", "--replay", folder.path("a.jsonl")], 1, "it is a folder; "),
            (["--history", folder.path("notes.txt")], 1, "name another file"),
            (["--history", file, "--query", "orders"], 1, "give an id: "),
            (["--history", file, "--query", "none"], 1, "no query of"),
            (["--history", ""], 2, "--history has an empty value"),
            ([], 2, "--history"),
            (["--history", file, "--since", "1 hour ago"], 2, "give --query as well"),
            (["--history", file, "--query", "x", "--until", "x"], 2, "as the time for --until"),
            (["--history", file, "--query", "x", "--resolution", "5m"], 2, "5m"),
            (["--history", file, "--query", "x", "--states", "--resolution", "1m"], 2, "exclude each other"),
            (["rebuild", "--history", file], 2, "no broker is given"),
            (["rebuild", "--replay", "a.jsonl"], 2, "name the file with --history"),
            (["rebuild", "--history", file, "--history-size", "10"], 2, "as a size"),
            (["rebuild", "--history", file, "--replay", folder.path("none.jsonl")], 1, "none.jsonl"),
        ]
        for (arguments, status, reason) in cases {
            let end = try await program.run(["history"] + arguments)
            #expect(end.status == status && end.output == "", "\(arguments): \(end)")
            #expect(end.errorLines.count == 1 && end.error.contains(reason), "\(arguments): \(end.error)")
        }
    }
}
