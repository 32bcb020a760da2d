import Foundation
import Testing

@Suite struct BadInputTests {
    private let program = BuiltProgram()

    /// The command fails with the exit code 1 and one line of error, which it returns.
    private func failure(_ arguments: [String]) async throws -> String {
        let run = try await program.run(arguments)
        #expect(run.status == 1, "\(run.error)")
        let errors = run.errorLines.filter { $0.hasPrefix("error: ") }
        #expect(errors.count == 1, "\(run.error)")
        #expect(run.errorLines.allSatisfy { $0.hasPrefix("error: ") || $0.hasPrefix("started ") }, "\(run.error)")
        return String(errors.first ?? "")
    }

    @Test func `a missing folder is named`() async throws {
        let data = try ActivityFolder()
        let error = try await failure(["run", "--json", data.folder.path("nowhere"), "--sql", ActivityFolder.counts])
        #expect(error.contains("nowhere"))
    }

    @Test func `an unknown column gets suggestions`() async throws {
        let data = try ActivityFolder()
        let error = try await failure(data.run([], sql: "SELECT gtt FROM input"))
        #expect(error.contains("UNRESOLVED_COLUMN"))
        #expect(error.contains("`gt`"))
    }

    @Test func `an unknown table is named`() async throws {
        let data = try ActivityFolder()
        #expect(try await failure(data.run([], sql: "SELECT gt FROM elsewhere")).contains("elsewhere"))
    }

    @Test func `a schema that is no DDL tells where`() async throws {
        let data = try ActivityFolder()
        #expect(try await failure(data.run(["--schema", "gt STRNG"])).contains("STRNG"))
    }

    @Test(arguments: ["SELEC gt FROM input", "", "SELECT gt FROM input GROUP", "SELECT 'a FROM input"])
    func `a query that is no SQL is an error`(sql: String) async throws {
        let data = try ActivityFolder()
        #expect(try await failure(data.run([], sql: sql)).contains("PARSE"))
    }

    @Test func `an output mode that the query cannot have is refused`() async throws {
        let data = try ActivityFolder()
        #expect(try await failure(data.run(["--output-mode", "append", "--sink", "noop"])).contains("append"))
        #expect(
            try await failure(data.run(["--output-mode", "complete"], sql: "SELECT gt FROM input")).contains("complete")
        )
    }

    @Test func `the result of rows that are not grouped is refused`() async throws {
        let data = try ActivityFolder()
        let result = data.folder.path("r")
        #expect(
            try await failure(data.run(["--result", result], sql: "SELECT gt FROM input")).contains("--sink json:DIR"))
    }

    @Test func `a checkpoint that cannot be made is named`() async throws {
        let data = try ActivityFolder()
        try data.folder.write("file", "")
        let error = try await failure(data.run(["--checkpoint", data.folder.path("file/cp"), "--trigger", "once"]))
        #expect(error.contains("file"))
    }

    @Test func `the checkpoint of another query is refused`() async throws {
        let data = try ActivityFolder()
        let more = ["--checkpoint", data.folder.path("cp"), "--trigger", "once", "--sink", "noop"]
        #expect(try await program.run(data.run(more)).status == 0)
        let error = try await failure(data.run(more, sql: "SELECT Index, sum(x) FROM input GROUP BY Index"))
        #expect(error.contains("cp"))
    }

    @Test func `lines that are no JSON are rows of nulls`() async throws {
        let data = try ActivityFolder(files: 1, rowsPerFile: 3)
        try data.add("part-bad.json", ["{\"gt\":", "not JSON at all"])
        let run = try await program.run(
            data.run([
                "--schema", "gt STRING", "--trigger", "once", "--result", data.folder.path("r"),
            ]))
        #expect(run.status == 0, "\(run.error)")
        #expect(try data.result("r").contains(#"{"count":2}"#))
    }

    @Test func `a result file that was taken away is written whole by the next run`() async throws {
        let data = try ActivityFolder(files: 2)
        let arguments = data.run([
            "--trigger", "available-now", "--output-mode", "update", "--checkpoint", data.folder.path("cp"),
            "--result", data.folder.path("r"),
        ])
        #expect(try await program.run(arguments).status == 0)
        try FileManager.default.removeItem(atPath: data.folder.path("r"))
        #expect(try await program.run(arguments).status == 0)
        let whole = try data.result("r")
        #expect(!whole.isEmpty)
        try FileManager.default.removeItem(atPath: data.folder.path("r"))
        try data.add("part-new.json", ["{\"gt\":\"walk\"}"])
        #expect(try await program.run(arguments).status == 0)
        #expect(try data.result("r").count == whole.count)
    }

    @Test func `standard output that is gone is an error`() async throws {
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let run = try await program.start(["broker", "--port", "0"], output: full).wait()
        #expect(run.status == 1)
        #expect(run.error.contains("cannot write to standard output"))
    }
}
