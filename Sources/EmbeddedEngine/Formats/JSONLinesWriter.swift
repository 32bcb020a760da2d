import StreamingMetrics
import StructuredStreaming

/// Writes rows as JSON lines, as Spark's JSON sink does.
///
/// One object a line in the order of the columns. Null fields are left out unless ``ignoreNullFields`` says otherwise.
/// Timestamps have milliseconds and the zone, doubles the form of Java's `Double.toString`; NaN and infinities are
/// strings, as JSON has no such numbers.
struct JSONLinesWriter: Sendable {
    /// Whether fields that are null are left out.
    var ignoreNullFields: Bool
    private let timeZone: ZoneOffset
    private let timestamps: DateTimePattern
    private let timestampsNTZ: DateTimePattern
    private let dates: DateTimePattern

    /// Spark's defaults, in UTC.
    init(ignoreNullFields: Bool = true) {
        var options = JSONOptions()
        options.ignoreNullFields = ignoreNullFields
        self.init(options)
    }

    /// A writer with a user's options.
    init(_ options: JSONOptions) {
        ignoreNullFields = options.ignoreNullFields
        timeZone = options.timeZone
        timestamps = options.timestampFormat ?? .isoTimestamp
        timestampsNTZ = options.timestampNTZFormat ?? .isoTimestampNTZ
        dates = options.dateFormat ?? .isoDate
    }

    /// Appends the batch's rows, each with a line feed.
    func append(_ batch: ColumnBatch, to output: inout [UInt8]) {
        var writer = JSONWriter(capacity: 1 << 16)
        let keys = batch.schema.names.map { Self.key($0) }
        for row in 0..<batch.rowCount {
            writer.byte(UInt8(ascii: "{"))
            var isFirst = true
            for column in batch.columns.indices {
                let isValid = batch.columns[column].isValid(row)
                if !isValid, ignoreNullFields { continue }
                if !isFirst { writer.byte(UInt8(ascii: ",")) }
                isFirst = false
                keys[column].withUnsafeBufferPointer { writer.raw($0) }
                if isValid { write(batch.columns[column], row, to: &writer) } else { writer.literal("null") }
            }
            writer.literal("}\n")
        }
        output.append(contentsOf: writer.written)
    }

    private static func key(_ name: String) -> [UInt8] {
        var writer = JSONWriter(capacity: name.utf8.count + 64)
        writer.string(name)
        writer.byte(UInt8(ascii: ":"))
        return writer.bytes
    }

    @inline(__always)
    private func write(_ column: ColumnVector, _ row: Int, to writer: inout JSONWriter) {
        switch column.storage {
        case .boolean(let values): if values[row] { writer.literal("true") } else { writer.literal("false") }
        case .int64(let values): writeInteger(values[row], column.type, to: &writer)
        case .float64(let values): Self.writeDouble(values[row], isFloat: column.type == .float, to: &writer)
        case .string(.dictionary(let codes, let dictionary)):
            dictionary.bytes.withUnsafeBufferPointer { bytes in
                let code = Int(codes[row])
                let extent = Int(dictionary.offsets[code])..<Int(dictionary.offsets[code + 1])
                writer.quoted(UnsafeBufferPointer(rebasing: bytes[extent]))
            }
        case .string(.plain(let offsets, let bytes)):
            bytes.withUnsafeBufferPointer {
                writer.quoted(UnsafeBufferPointer(rebasing: $0[Int(offsets[row])..<Int(offsets[row + 1])]))
            }
        }
    }

    private func writeInteger(_ value: Int64, _ type: DataType, to writer: inout JSONWriter) {
        switch type {
        case .timestamp: writeTime(value, timestamps, timeZone, to: &writer)
        case .timestampNTZ: writeTime(value, timestampsNTZ, .utc, to: &writer)
        case .date: writeTime(value &* 86_400_000_000, dates, .utc, to: &writer)
        default: writer.integer(value)
        }
    }

    private func writeTime(
        _ micros: Int64, _ pattern: DateTimePattern, _ zone: ZoneOffset, to writer: inout JSONWriter
    ) {
        writer.byte(UInt8(ascii: "\""))
        pattern.write(micros: micros, zone: zone, to: &writer)
        writer.byte(UInt8(ascii: "\""))
    }

    private static func writeDouble(_ value: Double, isFloat: Bool, to writer: inout JSONWriter) {
        // A float has fewer digits than the double of the same value: those of the double nearest to its own text.
        if isFloat, value.isFinite, let short = Double(Float(value).description) {
            writer.double(short)
        } else {
            writer.double(value)
        }
    }
}
