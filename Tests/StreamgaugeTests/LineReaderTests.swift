import Testing

@testable import streamgauge

@Suite struct LineReaderTests {
    private func lines(_ text: String, maximumBytes: Int = 100) throws -> [String?] {
        let folder = TemporaryFolder()
        try folder.write("lines", text)
        var reader = try LineReader(path: folder.path("lines"), maximumBytes: maximumBytes)
        var lines: [String?] = []
        while let line = try reader.next(isStopped: { false }) {
            if case .text(let bytes) = line {
                lines.append(String(decoding: bytes, as: UTF8.self))
            } else {
                lines.append(nil)
            }
        }
        #expect(reader.number == lines.count)
        return lines
    }

    @Test func `lines end with a line feed or with the file`() throws {
        #expect(try lines("") == [])
        #expect(try lines("a") == ["a"])
        #expect(try lines("a\n") == ["a"])
        #expect(try lines("a\n\nb\r\n\n") == ["a", "", "b\r", ""])
    }

    @Test func `a line above the limit is skipped, however long`() throws {
        let long = String(repeating: "x", count: 1_000_000)
        #expect(try lines("a\n\(long)\nb\n") == ["a", nil, "b"])
        #expect(try lines(long) == [nil])
        #expect(try lines("12345\n123456", maximumBytes: 5) == ["12345", nil])
    }

    @Test func `lines across chunks are whole`() throws {
        let all = (0..<20_000).map { "line \($0) of many" }
        #expect(try lines(all.joined(separator: "\n")) == all)
    }

    @Test func `a missing file is an error that names it`() {
        #expect(throws: CommandError.self) { try LineReader(path: "/nowhere/at/all", maximumBytes: 1).number }
    }
}
