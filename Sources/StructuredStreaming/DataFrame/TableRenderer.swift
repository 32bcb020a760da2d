/// Draws rows as the table that Spark's `show()` and console sink print.
///
/// ```
/// +-----+-----+
/// |   gt|count|
/// +-----+-----+
/// |stand|  123|
/// +-----+-----+
/// ```
public struct TableRenderer: Sendable {
    /// How many characters of a value are shown; zero or less: all, and left-aligned.
    public var truncate: Int

    /// Creates a renderer.
    public init(truncate: Int = 20) { self.truncate = truncate }

    /// The table with a line end after each line. With `hasMore` the sentence "only showing top N rows" follows, else an
    /// empty line, as Spark prints it.
    public func text(schema: StructType, rows: [[Value]], hasMore: Bool = false) -> String {
        let header = schema.names.map(Self.escaped)
        let cells = rows.map { row in
            zip(row, schema.fields).map { cell($0, $1.dataType) }
        }
        // Spark makes no column narrower than three characters.
        var widths = [Int](repeating: 3, count: header.count)
        for line in [header] + cells {
            for (index, cell) in line.enumerated() { widths[index] = max(widths[index], Self.width(cell)) }
        }
        let rule = "+" + widths.map { String(repeating: "-", count: $0) }.joined(separator: "+") + "+\n"
        var result = rule + line(header, widths) + rule
        for row in cells { result += line(row, widths) }
        result += rule
        return result + (hasMore ? "only showing top \(rows.count) row\(rows.count == 1 ? "" : "s")\n" : "\n")
    }

    /// What the console sink prints above a batch's table.
    public static func batchHeader(_ batchId: Int64) -> String {
        let rule = String(repeating: "-", count: 43) + "\n"
        return rule + "Batch: \(batchId)\n" + rule
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = zip(cells, widths).map { cell, width in
            let blanks = String(repeating: " ", count: width - Self.width(cell))
            return truncate > 0 ? blanks + cell : cell + blanks
        }
        return "|" + padded.joined(separator: "|") + "|\n"
    }

    private func cell(_ value: Value, _ type: DataType) -> String {
        let text = Self.escaped(value.text(as: type))
        guard truncate > 0, text.unicodeScalars.count > truncate else { return text }
        // No room for dots: cut hard.
        if truncate < 4 { return String(String.UnicodeScalarView(text.unicodeScalars.prefix(truncate))) }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(truncate - 3))) + "..."
    }

    /// Control characters that would break the table, as escapes.
    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 7: result += "\\a"
            case 8: result += "\\b"
            case 9: result += "\\t"
            case 10: result += "\\n"
            case 11: result += "\\v"
            case 12: result += "\\f"
            case 13: result += "\\r"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// How many terminal cells a text takes: two for each full-width character.
    private static func width(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + (isFullWidth($1.value) ? 2 : 1) }
    }

    private static func isFullWidth(_ code: UInt32) -> Bool {
        switch code {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6:
            true
        default: false
        }
    }
}
