import Foundation
import Testing

@Suite struct RunCommandTests {
    private let program = BuiltProgram()

    @Test func `a query's result is written as JSON lines`() async throws {
        let data = try ActivityFolder()
        let run = try await program.run(
            data.run(["--trigger", "available-now", "--result", data.folder.path("r.jsonl"), "--name", "counts"]))
        #expect(run.status == 0, "\(run.error)")
        #expect(run.output == "")
        #expect(
            try data.result("r.jsonl") == [
                #"{"gt":"bike","count":100}"#, #"{"gt":"sit","count":100}"#, #"{"gt":"walk","count":100}"#,
            ])
        #expect(run.errorLines.first?.hasPrefix("started query counts, id ") == true)
        #expect(run.errorLines.last?.hasPrefix("batch 0: 300 rows, ") == true)
    }

    @Test(arguments: ["complete", "update"])
    func `a restart goes on with the next batch and the same query`(mode: String) async throws {
        let data = try ActivityFolder()
        let arguments = data.run([
            "--trigger", "available-now", "--output-mode", mode, "--max-files-per-trigger", "2",
            "--result", data.folder.path("r.jsonl"), "--checkpoint", data.folder.path("cp"),
        ])
        let first = try await program.run(arguments)
        #expect(first.errorLines.map { $0.prefix(8) } == ["started ", "batch 0:", "batch 1:", "batch 2:"])
        try data.add("part-9.json", ["{\"gt\":\"walk\"}", "{\"gt\":\"swim\"}"])
        let second = try await program.run(arguments)
        #expect(second.errorLines.map { $0.prefix(8) } == ["started ", "batch 3:"])
        #expect(identities(first).id == identities(second).id)
        #expect(identities(first).runId != identities(second).runId)
        #expect(
            try data.result("r.jsonl") == [
                #"{"gt":"bike","count":100}"#, #"{"gt":"sit","count":100}"#, #"{"gt":"swim","count":1}"#,
                #"{"gt":"walk","count":101}"#,
            ])
    }

    @Test(arguments: ["complete", "update"])
    func `a query killed at any moment gives the same result after its restart`(mode: String) async throws {
        let data = try ActivityFolder(files: 20, rowsPerFile: 20)
        let arguments = data.run([
            "--trigger", "available-now", "--output-mode", mode, "--max-files-per-trigger", "1",
            "--result", data.folder.path("r.jsonl"), "--checkpoint", data.folder.path("cp"),
        ])
        // Killed a little later each time: after the start, and after each of some batches.
        for batch in [0, 1, 3, 7, 12] {
            let running = try program.start(arguments)
            try await running.waitUntil { running.error.contains(batch == 0 ? "started" : "batch \(batch):") }
            try await Task.sleep(for: .microseconds(batch * 1_700))
            running.signal(SIGKILL)
            _ = try await running.wait()
        }
        let last = try await program.run(arguments)
        #expect(last.status == 0, "\(last.error)")
        #expect(
            try data.result("r.jsonl") == [
                #"{"gt":"bike","count":133}"#, #"{"gt":"sit","count":134}"#, #"{"gt":"walk","count":133}"#,
            ])
        let commits = try FileManager.default.contentsOfDirectory(atPath: data.folder.path("cp/commits"))
        #expect(commits.filter { Int($0) != nil }.compactMap { Int($0) }.max() == 19)
    }

    @Test func `a run without data leaves an empty result, and a later one without news the last result`() async throws
    {
        let data = try ActivityFolder(files: 0)
        try data.folder.write("data/.hidden", "")
        try data.folder.write("r.jsonl", "of another query")
        let arguments = data.run([
            "--schema", "gt STRING", "--trigger", "available-now", "--result", data.folder.path("r.jsonl"),
            "--checkpoint", data.folder.path("cp"),
        ])
        #expect(try await program.run(arguments).status == 0)
        #expect(try data.result("r.jsonl") == [])
        try data.add("part-0.json", ["{\"gt\":\"walk\"}"])
        #expect(try await program.run(arguments).status == 0)
        #expect(try await program.run(arguments).status == 0)
        #expect(try data.result("r.jsonl") == [#"{"gt":"walk","count":1}"#])
        try FileManager.default.removeItem(atPath: data.folder.path("r.jsonl"))
        #expect(try await program.run(arguments).status == 0)
        #expect(try data.result("r.jsonl") == [#"{"gt":"walk","count":1}"#])
    }

    @Test func `SIGTERM stops a query cleanly`() async throws {
        let data = try ActivityFolder()
        let running = try program.start(data.run(["--sink", "noop", "--checkpoint", data.folder.path("cp")]))
        try await running.waitUntil { running.error.contains("batch 0:") }
        running.signal(SIGTERM)
        let run = try await running.wait()
        #expect(run.status == 0, "\(run.error)")
        #expect(FileManager.default.fileExists(atPath: data.folder.path("cp/commits/0")))
    }

    @Test func `an interval keeps a query waiting for new files`() async throws {
        let data = try ActivityFolder(files: 1)
        let running = try program.start(data.run(["--sink", "noop", "--trigger", "20 milliseconds"]))
        try await running.waitUntil { running.error.contains("batch 0:") }
        try data.add("part-new.json", ["{\"gt\":\"walk\"}"])
        try await running.waitUntil { running.error.contains("batch 1: 1 row,") }
        running.signal(SIGINT)
        let run = try await running.wait()
        #expect(run.status == 0)
        #expect(run.error.contains("batch 1: 1 row,"))
    }

    @Test func `rows go to the console without aggregates and without a sink`() async throws {
        let data = try ActivityFolder(files: 1, rowsPerFile: 2)
        let run = try await program.run(
            data.run(["--trigger", "once"], sql: "SELECT gt, x * 2 AS twice FROM input WHERE x > 1"))
        #expect(run.status == 0, "\(run.error)")
        #expect(run.output.contains("| gt|twice|"))
        #expect(run.output.contains("|sit|  3.0|"))
    }

    @Test func `the JSON sink writes each row once over a restart`() async throws {
        let data = try ActivityFolder(files: 2, rowsPerFile: 3)
        let arguments = data.run(
            [
                "--trigger", "available-now", "--sink", "json:" + data.folder.path("out"), "--checkpoint",
                data.folder.path("cp"),
            ], sql: "SELECT Index FROM input")
        #expect(try await program.run(arguments).status == 0)
        #expect(try await program.run(arguments).status == 0)
        let files = try FileManager.default.contentsOfDirectory(atPath: data.folder.path("out"))
        let rows = try files.filter { $0.hasSuffix(".json") }.map { try data.folder.read("out/\($0)") }.joined()
        #expect(rows.split(separator: "\n").count == 6)
    }

    private func identities(_ run: BuiltProgram.Output) -> (id: Substring?, runId: Substring?) {
        let words = run.errorLines.first?.split(separator: " ") ?? []
        return (words.dropLast(2).last, words.last)
    }
}
