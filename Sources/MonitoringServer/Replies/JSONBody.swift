import FoundationEssentials
import LiveMonitoring
import NIOCore
import StreamingMetrics

/// An answer's JSON as it grows, from values that are `Encodable` and from rows of lists.
///
/// Like `JSONEncoder`, but without a tree between the value and the text; ids are written in lower case, and numbers that JSON has no
/// form for as null.
final class JSONBody {
    private var writer = JSONWriter(capacity: 4096)
    /// What closes the objects and arrays that values have opened.
    private var open: [UInt8] = []

    /// The text so far.
    var bytes: [UInt8] { writer.bytes }
    /// How many bytes there are.
    var count: Int { writer.count }
    /// The text so far, as answers send it.
    var buffer: ByteBuffer {
        var buffer = ByteBuffer()
        append(to: &buffer)
        return buffer
    }

    /// Adds the text so far.
    func append(to buffer: inout ByteBuffer) { buffer.writeBytes(UnsafeRawBufferPointer(writer.written)) }

    // MARK: Structure

    func object(_ members: () throws -> Void) rethrows {
        writer.beginObject()
        try members()
        writer.endObject()
    }

    func array<Element>(_ elements: some Sequence<Element>, _ write: (Element) throws -> Void) rethrows {
        writer.beginArray()
        for element in elements {
            writer.separate()
            try write(element)
        }
        writer.endArray()
    }

    func key(_ key: String) { writer.key(key) }

    func member(_ key: String, _ value: some Encodable) throws {
        writer.key(key)
        try self.value(value)
    }

    /// Numbers that came from 32 bits, in as few digits as tell them.
    func member(_ key: String, narrow values: [Double?]) {
        writer.key(key)
        array(values) { writer.narrow($0) }
    }

    /// Text that is JSON already.
    func raw(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { writer.raw($0) } }

    /// A query as lists show it.
    func row(_ row: QueryRow) { writer.row(row) }

    // MARK: Values

    func value<Value: Encodable>(_ value: Value) throws {
        if let id = value as? UUID { return writer.uuid(id) }
        let (depth, count) = (open.count, writer.count)
        try value.encode(to: ValueEncoder(body: self))
        close(to: depth)
        // A value that encodes nothing at all.
        if writer.count == count { writer.literal("null") }
    }

    func string(_ text: String) { writer.string(text) }
    func null() { writer.literal("null") }
    func bool(_ value: Bool) { if value { writer.literal("true") } else { writer.literal("false") } }
    func integer(_ value: Int64) { writer.integer(value) }

    func unsigned(_ value: UInt64) { writer.unsigned(value) }
    func double(_ value: Double) { writer.shortest(value) }

    // MARK: For encoders

    var depth: Int { open.count }

    func beginObject() {
        writer.beginObject()
        open.append(UInt8(ascii: "}"))
    }

    func beginArray() {
        writer.beginArray()
        open.append(UInt8(ascii: "]"))
    }

    func close(to depth: Int) {
        while open.count > depth {
            switch open.removeLast() {
            case UInt8(ascii: "}"): writer.endObject()
            default: writer.endArray()
            }
        }
    }

    func separate() { writer.separate() }
}
