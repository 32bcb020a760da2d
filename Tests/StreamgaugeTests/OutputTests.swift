import Foundation
import StreamingMetrics
import Testing

@testable import streamgauge

@Suite struct OutputTests {
    private func progress(_ name: String?, rate: Double? = 12.34) -> StreamingQueryProgress {
        var progress = StreamingQueryProgress(
            id: UUID(), runId: UUID(), name: name, timestamp: ProgressTimestamp(millisecondsSinceEpoch: 0), batchId: 3,
            numInputRows: 1, sink: SinkProgress(description: "noop"))
        progress.inputRowsPerSecond = rate
        progress.processedRowsPerSecond = 1_234_567.89
        progress.durationMs = ["triggerExecution": 45]
        return progress
    }

    @Test func `a progress line says what the trigger did`() {
        #expect(
            ProgressLine(progress: progress("q")).text()
                == "batch 3: 1 row, 12.3 rows/s in, 1234567.9 rows/s processed, 45 ms")
        #expect(ProgressLine(progress: progress("q", rate: .nan)).text().contains(", - rows/s in"))
        #expect(ProgressLine(progress: progress("q")).text(color: true).hasPrefix("\u{1b}[1mbatch 3"))
    }

    @Test(arguments: ["q", "a name that is longer than its column", "日本語の名前は二倍の幅です", "e\u{301}", nil])
    func `a table's numbers stand below their headings, whatever the name`(name: String?) {
        let row = MetricsTable.row(progress(name))
        let heading = MetricsTable.header.split(separator: "\n")[0]
        #expect(TerminalText.width(row) == TerminalText.width(String(heading)))
    }

    @Test func `control and formatting characters are shown, not obeyed`() {
        #expect(TerminalText.escaped("a\u{1b}[0m\u{7f}\u{9b}\u{202e}") == "a\\u{1b}[0m\\u{7f}\\u{9b}\\u{202e}")
        #expect(TerminalText.line("one\n  two\r\nthree\u{2028}four") == "one two three four")
        #expect(TerminalText.escaped("größer 日本 👍") == "größer 日本 👍")
    }

    @Test func `JSON with escaped characters has the same value`() throws {
        let text = #"{"name":"a\#u{9b}b\#u{202e}\#u{E0001}","n":1}"#
        let escaped = TerminalText.escapedJSON(text)
        #expect(escaped == #"{"name":"a\u009bb\u202e\udb40\udc01","n":1}"#)
        #expect(try JSONValue(parsing: escaped)["name"]?.string == JSONValue(parsing: text)["name"]?.string)
    }

    @Test(arguments: [(0.0, "0.0"), (-0.04, "0.0"), (-1.25, "-1.3"), (9.96, "10.0"), (1e18, "1e+18"), (.infinity, "-")])
    func `a rate has one digit after the point`(value: Double, text: String) {
        #expect(NumberText.rate(value) == text)
    }

    @Test func `CSV values with commas and quotes are quoted`() {
        let row = CSVLine.row(progress("a,\"b\""))
        #expect(row.contains(#","a,""b""","#))
        #expect(CSVLine.header.split(separator: ",").count == 10)
    }
}
