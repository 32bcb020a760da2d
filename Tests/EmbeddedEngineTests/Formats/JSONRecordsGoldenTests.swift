import Foundation
import StructuredStreaming
import Testing

@testable import EmbeddedEngine

/// `Fixtures/json/spark-4.1.1-records.jsonl` holds what Spark 4.1.1 read from single lines with the schema below: the
/// line in base64, the reader's options, and of each row the columns that were not null. Times are microseconds, dates
/// days, floating-point numbers text.
@Suite struct JSONRecordsGoldenTests {
    static let schema = StructType([
        StructField("a", .long), StructField("b", .string), StructField("c", .double), StructField("d", .boolean),
        StructField("f", .float), StructField("y", .byte), StructField("s", .short), StructField("i", .integer),
        StructField("t", .timestamp), StructField("n", .timestampNTZ), StructField("e", .date),
        StructField("_corrupt_record", .string),
    ])

    /// Where Spark takes what this reader calls malformed: zones named by region, and bytes that are no UTF-8 but that
    /// Jackson decodes (overlong forms, surrogates, code points past the last).
    static let knownDifferences = ["Europe/Berlin", "12PST", "\"\u{FFFD}\u{FFFD}"]

    @Test func `every recorded line reads as Spark 4_1_1 read it`() throws {
        let lines = try fixtureLines("spark-4.1.1-records.jsonl")
        #expect(lines.count > 800)
        for line in lines {
            let text = try #require(line["text"] as? String)
            if Self.knownDifferences.contains(where: text.contains) { continue }
            let options = try #require(line["options"] as? [String: String])
            let bytes = try #require((line["line"] as? String).flatMap { Data(base64Encoded: $0) })
            let expected = try #require(line["rows"] as? [[String: Any]])
            let rows = try readRows(bytes + [10], Self.schema, JSONOptions(options)).map(Self.shown)
            #expect(rows == expected.map(Self.shown), "\(text) with \(options)")
        }
    }

    @Test func `the lines give the same rows one by one and all in one file`() throws {
        var whole: [UInt8] = []
        var expected: [[Value]] = []
        for line in try fixtureLines("spark-4.1.1-records.jsonl") where (line["options"] as? [String: String]) == [:] {
            let bytes = try #require((line["line"] as? String).flatMap { Data(base64Encoded: $0) }) + [10]
            whole += bytes
            expected += try readRows(bytes, Self.schema)
        }
        #expect(try Self.described(readRows(whole, Self.schema)) == Self.described(expected))
    }

    private static func described(_ rows: [[Value]]) -> [String] { rows.map { "\($0)" } }

    private static func shown(_ row: [Value]) -> [String: String] {
        var result: [String: String] = [:]
        for (field, value) in zip(schema.fields, row) where value != .null {
            switch value {
            case .string(let text): result[field.name] = text
            case .double(let number): result[field.name] = "\(number)"
            case .boolean(let flag): result[field.name] = "\(flag)"
            case .long(let number), .date(let number), .timestamp(let number): result[field.name] = "\(number)"
            case .null, .binary: break
            }
        }
        return result
    }

    private static func shown(_ row: [String: Any]) -> [String: String] {
        row.reduce(into: [:]) { result, entry in
            switch (entry.key, entry.value) {
            case ("c", let text as String): result["c"] = Double(text).map { "\($0)" }
            case ("f", let text as String): result["f"] = Float(text).map { "\(Double($0))" }
            case ("d", let flag as Bool): result["d"] = "\(flag)"
            case (let name, let value): result[name] = "\(value)"
            }
        }
    }
}
