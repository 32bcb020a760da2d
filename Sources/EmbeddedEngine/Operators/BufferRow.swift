import StructuredStreaming

/// Aggregate buffers as a row of the state store: reads the old row, merges a group of this batch, writes the new one.
struct BufferRow: ~Copyable {
    private let fields: [BufferField]
    private var writer = UnsafeRowWriter()

    init(_ fields: [BufferField]) { self.fields = fields }

    /// Calls `body` with the buffers of a group, merged into the old ones.
    mutating func merge<Result>(
        _ group: Int, of table: GroupTable, into old: UnsafeRawBufferPointer?,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        writer.begin(fieldCount: fields.count)
        let row = old?.baseAddress.map { UnsafeRow(base: $0, fieldCount: fields.count) }
        for index in fields.indices { try write(index, row, table.buffers[index], group) }
        return try body(writer.bytes)
    }

    private mutating func write(
        _ index: Int, _ old: UnsafeRow?, _ buffer: borrowing BufferColumn, _ group: Int
    ) throws(EngineError) {
        let isFirst = old?.isNull(index) ?? true
        guard buffer.hasValue[group] else {
            if let old, !isFirst { copy(index, old) } else { writer.setNull(index) }
            return
        }
        switch buffer.storage {
        case .int64(let values):
            let width = fields[index].type.storedBytes
            let before = old.map { $0.integer(index, width: width) } ?? 0
            let value = try buffer.combine(before, values[group], isFirst: isFirst)
            writer.set(index, integer: value, width: width)
        case .float64(let values):
            let before = old.map { fields[index].type == .float ? Double($0.float(index)) : $0.double(index) } ?? 0
            let value = buffer.combine(before, values[group], isFirst: isFirst)
            if fields[index].type == .float {
                writer.set(index, float: Float(value))
            } else {
                writer.set(index, double: value)
            }
        case .text(let values):
            let before = isFirst ? "" : old.map { String(decoding: $0.bytes(index), as: UTF8.self) } ?? ""
            var value = buffer.combine(before, values[group], isFirst: isFirst)
            value.withUTF8 { writer.set(index, utf8: UnsafeRawBufferPointer($0)) }
        }
    }

    private mutating func copy(_ index: Int, _ old: UnsafeRow) {
        if fields[index].type == .string {
            writer.set(index, utf8: old.bytes(index))
        } else {
            writer.set(index, long: old.long(index))
        }
    }
}
