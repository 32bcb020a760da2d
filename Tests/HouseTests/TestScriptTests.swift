import Foundation
import Testing

/// What `scripts/test` runs side by side.
@Suite struct TestScriptTests {
    private static func waitingSuites() throws -> [String] {
        let script = try Repository.File(path: "scripts/test").lines().joined(separator: "\n")
        let list = try #require(script.firstMatch(of: /waiting=\(([^)]*)\)/)).output.1
        return list.split { $0.isWhitespace }.map(String.init)
    }

    @Test func `suites that wait together exist, and let no broker of the mock cluster give its port away`() throws {
        let suites = try Self.waitingSuites()
        #expect(suites.count > 1)
        let files = try Repository.files(below: "Tests", ending: ".swift")
        for suite in suites {
            let file = try #require(files.first { $0.name == suite + ".swift" }, "\(suite) is in no file of its name")
            let text = try file.lines().joined(separator: "\n")
            #expect(text.contains("struct \(suite) {"))
            for call in ["setDown(", "setUp("] { #expect(!text.contains(call), "\(suite) calls \(call)") }
        }
    }
}
