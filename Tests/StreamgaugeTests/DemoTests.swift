import Foundation
import StreamingMetrics
import Testing

@Suite struct DemoTests {
    private func makeData(_ folder: TemporaryFolder, _ name: String, seed: String = "1") throws -> BuiltProgram.Output {
        try BuiltProgram("make-activity-data").run([
            "--rows", "2001", "--files", "4", "--seed", seed, "--out", folder.path(name),
        ])
    }

    @Test func `the demo ends with the generator's counts`() throws {
        let folder = TemporaryFolder()
        #expect(try makeData(folder, "data").status == 0)
        let run = try BuiltProgram().run(["demo", "--data", folder.path("data")])
        #expect(run.status == 0, "\(run.error)")
        #expect(run.output.contains("All 7 counts are right.\n"))
        #expect(run.output.split(separator: "\n").filter { $0.contains(" test_stream ") }.count == 4)
        #expect(run.output.hasSuffix("6 of 6 events delivered\n"))
    }

    @Test func `wrong counts fail the demo`() throws {
        let folder = TemporaryFolder()
        #expect(try makeData(folder, "data").status == 0)
        try folder.write("data/more.json", "{\"gt\":\"walk\"}\n")
        let run = try BuiltProgram().run(["demo", "--data", folder.path("data")])
        #expect(run.status == 1)
        #expect(run.errorLines.last?.hasPrefix("error: the counts are wrong: walk is there") == true)
    }

    @Test func `missing data tells how to make it`() throws {
        let run = try BuiltProgram().run(["demo", "--data", TemporaryFolder().path("none")])
        #expect(run.status == 1)
        #expect(run.error.contains("make-activity-data --out"))
    }

    @Test func `the same seed gives the same data and the summary counts it`() throws {
        let folder = TemporaryFolder()
        let summary = try JSONValue(parsing: try makeData(folder, "a").output)
        #expect(try makeData(folder, "b").status == 0)
        #expect(try makeData(folder, "c", seed: "2").status == 0)
        var counts: [String: Int64] = [:]
        for file in 0..<4 {
            let text = try folder.read("a/part-0000\(file).json")
            #expect(try folder.read("b/part-0000\(file).json") == text)
            #expect(try folder.read("c/part-0000\(file).json") != text)
            for line in text.split(separator: "\n") {
                counts[try JSONValue(parsing: String(line))["gt"]?.string ?? "", default: 0] += 1
            }
        }
        #expect(counts.values.reduce(0, +) == 2001)
        for (activity, count) in counts { #expect(summary["gt"]?[activity]?.int64 == count) }
        let second = try makeData(folder, "a")
        #expect(second.status == 1)
        #expect(second.error.hasPrefix("error: "))
    }
}
