import Testing

@Suite struct SourceFileTests {
    private static let sources = Result { try Repository.files(below: "Sources", ending: ".swift") }
    private static let tests = Result { try Repository.files(below: "Tests", ending: ".swift") }

    @Test func `no marker is left over in the sources`() throws {
        let markers = ["TODO", "FIXME", "// XXX", "fatalError(", "try! ", " as! "]
        for file in try Self.sources.get() {
            for (index, line) in try file.lines().enumerated() {
                for marker in markers where line.contains(marker) {
                    Issue.record("\(file):\(index + 1) has \(marker.trimming(" "))")
                }
            }
        }
    }

    @Test func `no file is longer than 400 lines`() throws {
        for file in try Self.sources.get() + Self.tests.get() {
            let count = try file.lines().count
            #expect(count <= 400, "\(file) has \(count) lines: split it by aspect")
        }
    }

    @Test func `no two files of a target have one name`() throws {
        for files in [try Self.sources.get(), try Self.tests.get()] {
            let names = Dictionary(grouping: files) { "\($0.target)/\($0.name)" }
            for (name, same) in names where same.count > 1 { Issue.record("\(name) is there twice: \(same)") }
        }
    }

    @Test func `no file has a name that says nothing`() throws {
        let empty = ["Utils", "Util", "Helpers", "Helper", "Common", "Misc", "Placeholder"]
        for file in try Self.sources.get() + Self.tests.get() {
            let stem = file.name.dropLast(".swift".count)
            #expect(!empty.contains { stem.hasSuffix($0) }, "\(file) needs a name of the domain")
            #expect(!file.path.contains(" "), "\(file) has a space in its path")
        }
    }

    @Test func `every fixture is read by a test`() throws {
        let folders = ["Tests/EmbeddedEngineTests/Fixtures/checkpoints", "Tests/StreamingMetricsTests/Fixtures"]
        for folder in folders {
            let target = folder.split(separator: "/")[1]
            let sources = try Repository.files(below: "Tests/\(target)", ending: ".swift")
                .map { try $0.lines().joined(separator: "\n") }.joined()
            let files = try Repository.files(below: folder, ending: "")
            // An index names the rest where there is one, by version.
            let index = try files.first { $0.name == "index.jsonl" }?.lines().joined() ?? ""
            let entries = Set(files.map { String($0.path.dropFirst(folder.count + 1).split(separator: "/")[0]) })
            for entry in entries.sorted() {
                let version = entry.hasPrefix("spark-") ? entry.dropFirst("spark-".count) : entry[...]
                #expect(
                    sources.contains(entry) || index.contains("\"\(entry)/") || index.contains("\"\(version)/"),
                    "\(folder)/\(entry) is read by no test: use it or remove it")
            }
        }
    }
}

extension String {
    fileprivate func trimming(_ character: Character) -> Substring {
        var rest = self[...]
        while rest.first == character { rest.removeFirst() }
        while rest.last == character { rest.removeLast() }
        return rest
    }
}
