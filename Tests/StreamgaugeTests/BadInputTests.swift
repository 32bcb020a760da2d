import Foundation
import Testing

@Suite struct BadInputTests {
    private let program = BuiltProgram()

    /// The command fails with the exit code 1 and one line of error, which it returns.
    private func failure(_ arguments: [String]) throws -> String {
        let run = try program.run(arguments)
        #expect(run.status == 1, "\(run.error)")
        let errors = run.errorLines.filter { $0.hasPrefix("error: ") }
        #expect(errors.count == 1, "\(run.error)")
        #expect(run.errorLines.allSatisfy { $0.hasPrefix("error: ") || $0.hasPrefix("started ") }, "\(run.error)")
        return String(errors.first ?? "")
    }

    @Test func `a missing folder is named`() throws {
        let data = try ActivityFolder()
        let error = try failure(["run", "--json", data.folder.path("nowhere"), "--sql", ActivityFolder.counts])
        #expect(error.contains("nowhere"))
    }

    @Test func `an unknown column gets suggestions`() throws {
        let data = try ActivityFolder()
        let error = try failure(data.run([], sql: "SELECT gtt FROM input"))
        #expect(error.contains("UNRESOLVED_COLUMN"))
        #expect(error.contains("`gt`"))
    }

    @Test func `an unknown table is named`() throws {
        let data = try ActivityFolder()
        #expect(try failure(data.run([], sql: "SELECT gt FROM elsewhere")).contains("elsewhere"))
    }

    @Test func `a schema that is no DDL tells where`() throws {
        let data = try ActivityFolder()
        #expect(try failure(data.run(["--schema", "gt STRNG"])).contains("STRNG"))
    }

    @Test(arguments: ["SELEC gt FROM input", "", "SELECT gt FROM input GROUP", "SELECT 'a FROM input"])
    func `a query that is no SQL is an error`(sql: String) throws {
        let data = try ActivityFolder()
        #expect(try failure(data.run([], sql: sql)).contains("PARSE"))
    }

    @Test func `an output mode that the query cannot have is refused`() throws {
        let data = try ActivityFolder()
        #expect(try failure(data.run(["--output-mode", "append", "--sink", "noop"])).contains("append"))
        #expect(try failure(data.run(["--output-mode", "complete"], sql: "SELECT gt FROM input")).contains("complete"))
    }

    @Test func `a result whose rows cannot be told apart is refused`() throws {
        let data = try ActivityFolder()
        let result = data.folder.path("r")
        let error = try failure(
            data.run(["--output-mode", "update", "--result", result], sql: "SELECT count(*) FROM input GROUP BY gt"))
        #expect(error.contains("GROUP BY"))
        #expect(try failure(data.run(["--result", result], sql: "SELECT gt FROM input")).contains("--sink json:DIR"))
    }

    @Test func `a checkpoint that cannot be made is named`() throws {
        let data = try ActivityFolder()
        try data.folder.write("file", "")
        let error = try failure(data.run(["--checkpoint", data.folder.path("file/cp"), "--trigger", "once"]))
        #expect(error.contains("file"))
    }

    @Test func `the checkpoint of another query is refused`() throws {
        let data = try ActivityFolder()
        let more = ["--checkpoint", data.folder.path("cp"), "--trigger", "once", "--sink", "noop"]
        #expect(try program.run(data.run(more)).status == 0)
        let error = try failure(data.run(more, sql: "SELECT Index, sum(x) FROM input GROUP BY Index"))
        #expect(error.contains("cp"))
    }

    @Test func `lines that are no JSON are rows of nulls`() throws {
        let data = try ActivityFolder(files: 1, rowsPerFile: 3)
        try data.add("part-bad.json", ["{\"gt\":", "not JSON at all"])
        let run = try program.run(
            data.run([
                "--schema", "gt STRING", "--trigger", "once", "--result", data.folder.path("r"),
            ]))
        #expect(run.status == 0, "\(run.error)")
        #expect(try data.result("r").contains(#"{"count":2}"#))
    }

    @Test func `a result file that was taken away is not begun anew`() throws {
        let data = try ActivityFolder(files: 2)
        let arguments = data.run([
            "--trigger", "available-now", "--output-mode", "update", "--checkpoint", data.folder.path("cp"),
            "--result", data.folder.path("r"),
        ])
        #expect(try program.run(arguments).status == 0)
        try FileManager.default.removeItem(atPath: data.folder.path("r"))
        try data.add("part-new.json", ["{\"gt\":\"walk\"}"])
        #expect(try failure(arguments).contains("put it back"))
    }

    @Test func `standard output that is gone is an error`() throws {
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let run = try program.start(["broker", "--port", "0"], output: full).wait()
        #expect(run.status == 1)
        #expect(run.error.contains("cannot write to standard output"))
    }
}
