import FoundationEssentials
import StreamingMetrics

/// An answer's JSON as it grows, from values that are `Encodable`.
///
/// Like `JSONEncoder`, but without a tree between the value and the text, which for a list of many queries is most of the cost; ids are
/// written in lower case, and numbers that JSON has no form for as null.
final class JSONBody {
    private var writer = JSONWriter(capacity: 4096)
    /// What closes the objects and arrays that values have opened.
    private var open: [UInt8] = []

    /// The text so far.
    var bytes: [UInt8] { writer.bytes }
    /// How many bytes there are.
    var count: Int { writer.count }

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
        array(values) { value in
            if let value, value.isFinite {
                number(value, text: Float(value).description)
            } else {
                writer.literal("null")
            }
        }
    }

    /// The members of a value that is an object, but for some, into the object that is open.
    func members(of value: some Encodable, omitting omitted: Set<String>) throws {
        let depth = open.count
        try value.encode(to: ValueEncoder(body: self, isInline: true, omitted: omitted))
        close(to: depth)
    }

    /// Text that is JSON already.
    func raw(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { writer.raw($0) } }

    // MARK: Values

    func value<Value: Encodable>(_ value: Value) throws {
        if let id = value as? UUID { return string(id.uuidString.lowercased()) }
        let (depth, count) = (open.count, writer.count)
        try value.encode(to: ValueEncoder(body: self, isInline: false, omitted: []))
        close(to: depth)
        // A value that encodes nothing at all.
        if writer.count == count { writer.literal("null") }
    }

    func string(_ text: String) { writer.string(text) }
    func null() { writer.literal("null") }
    func bool(_ value: Bool) { if value { writer.literal("true") } else { writer.literal("false") } }
    func integer(_ value: Int64) { writer.integer(value) }

    func unsigned(_ value: UInt64) {
        if let value = Int64(exactly: value) { return writer.integer(value) }
        raw(Array(String(value).utf8))
    }

    func double(_ value: Double) {
        guard value.isFinite else { return writer.literal("null") }
        number(value, text: value.description)
    }

    private func number(_ value: Double, text: @autoclosure () -> String) {
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return writer.integer(whole) }
        raw(Array(text().utf8))
    }

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

    /// Stays in the object that is open, for members that are written into it.
    func joinObject() { open.append(0) }

    func close(to depth: Int) {
        while open.count > depth {
            switch open.removeLast() {
            case UInt8(ascii: "}"): writer.endObject()
            case UInt8(ascii: "]"): writer.endArray()
            default: break
            }
        }
    }

    func separate() { writer.separate() }
}
