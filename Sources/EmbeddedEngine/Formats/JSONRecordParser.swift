import Glibc
import StructuredStreaming

/// Turns one line into rows by Spark's rules, whatever the line looks like: the slow, exact way.
struct JSONRecordParser {
    /// One row.
    struct Record: Equatable {
        /// A value a field, null where there is none.
        var values: [Value]
    }

    /// What a line holds.
    enum Outcome: Equatable {
        /// Its rows; `isCorrupt` when a field of any of them could not be read.
        case records([Record], isCorrupt: Bool)
        /// The line is no record: one row of nulls.
        case malformed
    }

    /// A value of the wrong type for its column.
    private struct WrongType: Error {}

    let fields: [StructField]
    let options: JSONOptions
    private let columns: [[UInt8]: Int]

    /// A parser for these columns; their types are those that ``JSONFileReader`` supports. The corrupt-record column is
    /// never read from a record.
    init(fields: [StructField], options: JSONOptions) {
        self.fields = fields
        self.options = options
        var columns: [[UInt8]: Int] = [:]
        for (index, field) in fields.enumerated() where field.name != options.columnNameOfCorruptRecord {
            let name = Array(field.name.utf8)
            if columns[name] == nil { columns[name] = index }
        }
        self.columns = columns
    }

    /// Reads a line without its line end. A line of white space has no rows.
    func parse(_ line: UnsafeBufferPointer<UInt8>) -> Outcome {
        var scanner = LenientJSONScanner(line, options: options)
        var isCorrupt = false
        do throws(MalformedJSON) {
            guard let first = try scanner.next() else { return .records([], isCorrupt: false) }
            if first == UInt8(ascii: "{") {
                let record = try record(&scanner, depth: 1, &isCorrupt)
                return .records([record], isCorrupt: isCorrupt)
            }
            guard try scanner.take("[") else { return .malformed }
            var records: [Record] = []
            if try scanner.take("]") { return .records([], isCorrupt: false) }
            repeat {
                guard try scanner.next() == UInt8(ascii: "{") else { return .malformed }
                records.append(try record(&scanner, depth: 2, &isCorrupt))
            } while try scanner.take(",")
            guard try scanner.take("]") else { return .malformed }
            return .records(records, isCorrupt: isCorrupt)
        } catch {
            return .malformed
        }
    }

    private func record(
        _ scanner: inout LenientJSONScanner, depth: Int, _ isCorrupt: inout Bool
    ) throws(MalformedJSON) -> Record {
        var record = Record(values: [Value](repeating: .null, count: fields.count))
        _ = try scanner.take("{")
        if try scanner.take("}") { return record }
        repeat {
            let column = columns[try scanner.name()]
            let item = try scanner.item(depth: depth)
            guard let column else { continue }
            do {
                record.values[column] = try convert(item, to: fields[column].dataType, of: scanner)
            } catch {
                // The value of an earlier field of the same name stays.
                isCorrupt = true
            }
        } while try scanner.take(",")
        guard try scanner.take("}") else { throw MalformedJSON() }
        return record
    }

    private func convert(
        _ item: LenientJSONScanner.Item, to type: DataType, of scanner: LenientJSONScanner
    ) throws(WrongType) -> Value {
        if case .null = item { return .null }
        switch type {
        case .string: return .string(Self.text(item, of: scanner))
        case .boolean:
            guard case .boolean(let value, _) = item else { throw WrongType() }
            return .boolean(value)
        case .byte: return .long(try integer(item, of: scanner, in: -128...255) { Int64(Int8(truncatingIfNeeded: $0)) })
        case .short: return .long(try integer(item, of: scanner, in: Int64(Int16.min)...Int64(Int16.max)))
        case .integer: return .long(try integer(item, of: scanner, in: Int64(Int32.min)...Int64(Int32.max)))
        case .long: return .long(try integer(item, of: scanner, in: Int64.min...Int64.max))
        case .float, .double: return .double(try double(item, of: scanner, isFloat: type == .float))
        case .timestamp: return .timestamp(try timestamp(item, of: scanner))
        case .timestampNTZ: return .timestamp(try timestampNTZ(item))
        case .date: return .date(try date(item))
        default: throw WrongType()
        }
    }

    private static func text(_ item: LenientJSONScanner.Item, of scanner: LenientJSONScanner) -> String {
        switch item {
        case .null: ""
        case .string(let text): String(decoding: text, as: UTF8.self)
        case .boolean(_, let range), .number(let range, _), .nonNumeric(_, let range), .nested(let range):
            String(decoding: scanner.bytes[range], as: UTF8.self)
        }
    }

    /// Jackson lets a byte be 128...255 and wraps it, hence `wrapped`.
    private func integer(
        _ item: LenientJSONScanner.Item, of scanner: LenientJSONScanner, in range: ClosedRange<Int64>,
        wrapped: (Int64) -> Int64 = { $0 }
    ) throws(WrongType) -> Int64 {
        guard case .number(let extent, isInteger: true) = item,
            let value = Int64(String(decoding: scanner.bytes[extent], as: UTF8.self)), range.contains(value)
        else { throw WrongType() }
        return wrapped(value)
    }

    private func double(
        _ item: LenientJSONScanner.Item, of scanner: LenientJSONScanner, isFloat: Bool
    ) throws(WrongType) -> Double {
        switch item {
        case .number(let extent, let isInteger):
            let text = String(decoding: scanner.bytes[extent], as: UTF8.self)
            // strtod gives zero and infinity where numbers are too small or too large, as Java does.
            let value = isFloat ? Double(strtof(text, nil)) : strtod(text, nil)
            return isInteger && value == 0 ? 0 : value
        case .nonNumeric(let value, _): return value
        case .string(let text) where options.allowNonNumericNumbers:
            switch String(decoding: text, as: UTF8.self) {
            case "NaN": return .nan
            case "+INF", "+Infinity", "Infinity": return .infinity
            case "-INF", "-Infinity": return -.infinity
            default: throw WrongType()
            }
        default: throw WrongType()
        }
    }

    private func timestamp(
        _ item: LenientJSONScanner.Item, of scanner: LenientJSONScanner
    ) throws(WrongType) -> Int64 {
        guard case .string(let text) = item else {
            // Seconds; too many of them wrap around, as in Spark.
            return try integer(item, of: scanner, in: Int64.min...Int64.max) &* 1_000_000
        }
        if let pattern = options.timestampFormat {
            guard let fields = pattern.parse(text), let local = fields.localMicros else { throw WrongType() }
            let offset = Int64((fields.zone ?? options.timeZone).seconds) * 1_000_000
            let (micros, overflow) = local.subtractingReportingOverflow(offset)
            if overflow { throw WrongType() }
            return micros
        }
        guard let value = ISODateTime.timestamp(text, zone: options.timeZone, today: today) else { throw WrongType() }
        return value
    }

    private func timestampNTZ(_ item: LenientJSONScanner.Item) throws(WrongType) -> Int64 {
        guard case .string(let text) = item else { throw WrongType() }
        if let pattern = options.timestampNTZFormat {
            guard let fields = pattern.parse(text), fields.zone == nil, let local = fields.localMicros else {
                throw WrongType()
            }
            return local
        }
        guard let value = ISODateTime.timestampNTZ(text) else { throw WrongType() }
        return value
    }

    private func date(_ item: LenientJSONScanner.Item) throws(WrongType) -> Int64 {
        guard case .string(let text) = item else { throw WrongType() }
        if let pattern = options.dateFormat {
            guard let fields = pattern.parse(text),
                let days = CivilDate.days(year: fields.year, month: fields.month, day: fields.day)
            else { throw WrongType() }
            return Int64(days)
        }
        guard let days = ISODateTime.date(text) else { throw WrongType() }
        return Int64(days)
    }

    private func today() -> Int {
        (time(nil) + options.timeZone.seconds) / 86400
    }
}
