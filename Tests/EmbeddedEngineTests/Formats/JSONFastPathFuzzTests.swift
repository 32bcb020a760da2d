import StructuredStreaming
import Testing

@testable import EmbeddedEngine

/// The fast way must give what the record parser gives, line for line, whatever the line.
@Suite struct JSONFastPathFuzzTests {
    static let schema = StructType([
        StructField("a", .long), StructField("b", .string), StructField("c", .double), StructField("d", .boolean),
        StructField("e", .date), StructField("t", .timestamp), StructField("n", .timestampNTZ),
        StructField("f", .float),
        StructField("y", .byte), StructField("_corrupt_record", .string),
    ])

    @Test(arguments: [UInt64(1), 2, 3, 4]) func `generated and broken lines read the same both ways`(seed: UInt64)
        throws
    {
        var random = SplitMix64(seed: seed)
        var bytes: [UInt8] = []
        for _ in 0..<4000 {
            var line = Array(Self.object(&random, depth: 0).utf8)
            if random.next() % 3 == 0 { Self.mutate(&line, &random) }
            bytes += line.filter { $0 != 10 && $0 != 13 } + [10]
        }
        let expected = parsedRows(bytes, Self.schema)
        for size in [1 << 20, 1 << 12, 300] {
            let rows = try readRows(bytes, Self.schema, chunkBytes: size)
            #expect(rows.count == expected.count)
            for (row, other) in zip(rows, expected) where "\(row)" != "\(other)" {
                Issue.record("fast \(row), exact \(other)")
                return
            }
        }
    }

    @Test func `every double reads to the last bit`() throws {
        var random = SplitMix64(seed: 5)
        let schema = StructType([StructField("c", .double), StructField("f", .float)])
        var texts: [String] = []
        for _ in 0..<5000 {
            let number = Double(bitPattern: random.next())
            texts.append(number.isFinite ? "\(number)" : "0.5")
            texts.append("\(Int64(bitPattern: random.next()) >> Int64(random.next() % 63)).\(random.next() % 100_000)")
            texts.append("0.\(random.next())\(random.next())e\(Int(random.next() % 40) - 20)")
        }
        let rows = try readRows(texts.map { "{\"c\":\($0),\"f\":\($0)}" }.joined(separator: "\n").utf8, schema)
        for (text, row) in zip(texts, rows) {
            #expect(
                row == [.double(try #require(Double(text))), .double(Double(try #require(Float(text))))], "\(text)")
        }
    }

    private static let keys = ["a", "b", "c", "d", "e", "t", "n", "f", "y", "x", "Arrival_Time", "", "é"]
    private static let scalars = [
        "null", "true", "false", "0", "-1", "12", "127", "200", "9223372036854775807", "9223372036854775808", "-0",
        "0.5",
        "1e3", "1E-7", "-2.25", "01", "+1", "1.", "NaN", "-Infinity", "\"\"", "\"walk\"", "\"NaN\"", "\"a\\\"b\"",
        "\"\\u00e9\\n\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\q\"", "'single'", "\"2024-02-29\"",
        "\"2024-02-30\"",
        "\"2024-01-01T00:00:00.5Z\"", "\"2024-01-01 10:11:12\"", "\"2024-1-1\"", "\"long text \u{1F600} of some size\"",
        "oops", "tru", "nullx", "1704067200",
    ]

    private static func object(_ random: inout SplitMix64, depth: Int) -> String {
        let space = random.next() % 6 == 0 ? " " : ""
        // Most lines have the usual keys in the usual order.
        let isUsual = random.next() % 2 == 0
        var names: [String] = isUsual ? Array(keys.prefix(11)) : []
        if !isUsual { names = (0..<random.next() % 6).map { _ in keys[Int(random.next() % UInt64(keys.count))] } }
        if isUsual, random.next() % 3 == 0 { names.remove(at: Int(random.next() % 11)) }
        let fields = names.map {
            "\"\($0)\"\(space):\(space)" + value(&random, depth: depth, usual: isUsual ? $0 : nil)
        }
        return space + "{" + fields.joined(separator: space + ",") + space + "}"
            + (random.next() % 40 == 0 ? " x" : space)
    }

    private static func value(_ random: inout SplitMix64, depth: Int, usual: String?) -> String {
        if let usual, random.next() % 12 != 0 {
            switch usual {
            case "a", "Arrival_Time": return "\(Int64(bitPattern: random.next()) >> Int64(random.next() % 64))"
            case "c", "f": return "\(Double(Int64(bitPattern: random.next()) >> 30) / 1e7)"
            case "d": return random.next() % 2 == 0 ? "true" : "false"
            case "y": return "\(random.next() % 128)"
            case "b": return "\"\(["walk", "sit", "stand", "a rather longer text"][Int(random.next() % 4)])\""
            default: return "null"
            }
        }
        if depth < 3, random.next() % 10 == 0 {
            if random.next() % 2 == 0 { return object(&random, depth: depth + 1) }
            return "["
                + (0..<random.next() % 4).map { _ in value(&random, depth: depth + 1, usual: nil) }
                .joined(separator: ",") + "]"
        }
        return scalars[Int(random.next() % UInt64(scalars.count))]
    }

    private static func mutate(_ line: inout [UInt8], _ random: inout SplitMix64) {
        let bytes = Array("{}[],:\"'\\ \t0-.eE+ntfx/".utf8) + [0, 0x1F, 0x0C, 0x1A, 0x7F, 0x80, 0xC3, 0xFF]
        for _ in 0...(random.next() % 3) where !line.isEmpty {
            let at = Int(random.next() % UInt64(line.count))
            let byte = bytes[Int(random.next() % UInt64(bytes.count))]
            switch random.next() % 4 {
            case 0: line.remove(at: at)
            case 1: line[at] = byte
            case 2: line.insert(byte, at: at)
            default: line.removeSubrange(at...)
            }
        }
    }
}
