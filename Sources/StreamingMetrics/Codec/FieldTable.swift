/// The keys of one kind of object in the order in which Spark writes them, laid out for comparing with the input.
///
/// Documents come in that order nearly always, so the reader compares the next bytes with the key that is due, quotes
/// and colon included, and only then with the others.
struct FieldTable: @unchecked Sendable {
    // Proof of Sendable: the memory is filled in `init`, never written or freed afterwards, and tables are static.
    private let keys: UnsafePointer<Key>
    let count: Int

    /// One key as it stands in compact JSON: `"batchId":`.
    struct Key {
        /// The first eight bytes, or as many as there are, and the mask of those.
        var head: UInt64
        var mask: UInt64
        /// The last eight bytes of a key that has as many.
        var tail: UInt64
        var start: UnsafePointer<UInt8>
        var length: Int
        /// The key itself, ready to be handed out without an allocation.
        var name: String
    }

    init(_ names: [String]) {
        let memory = UnsafeMutablePointer<Key>.allocate(capacity: names.count)
        for (index, name) in names.enumerated() { (memory + index).initialize(to: FieldTable.key(name)) }
        keys = UnsafePointer(memory)
        count = names.count
    }

    private static func key(_ name: String) -> Key {
        let text = Array("\"\(name)\":".utf8)
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: max(text.count, 8))
        bytes.initialize(repeating: 0, count: max(text.count, 8))
        bytes.update(from: text, count: text.count)
        let mask: UInt64 = text.count >= 8 ? .max : UInt64(littleEndian: (1 << UInt64(text.count * 8)) - 1)
        return Key(
            head: loadWord(bytes) & mask, mask: mask, tail: loadWord(bytes + max(0, text.count - 8)),
            start: UnsafePointer(bytes), length: text.count, name: name)
    }

    /// The key's text.
    @inline(__always)
    func name(_ index: Int) -> String { keys[index].name }

    /// Which key begins at an address with at least `available` readable bytes: the one due, a later or an earlier one.
    @inline(__always)
    func match(_ input: UnsafePointer<UInt8>, available: Int, expected: Int) -> (index: Int, length: Int)? {
        guard available >= 8 else { return nil }
        let word = loadWord(input)
        var index = expected
        while index < count {
            if let length = match(index, word, input, available) { return (index, length) }
            index &+= 1
        }
        index = 0
        while index < expected {
            if let length = match(index, word, input, available) { return (index, length) }
            index &+= 1
        }
        return nil
    }

    @inline(__always)
    private func match(_ index: Int, _ word: UInt64, _ input: UnsafePointer<UInt8>, _ available: Int) -> Int? {
        let key = keys + index
        guard word & key.pointee.mask == key.pointee.head else { return nil }
        let length = key.pointee.length
        // Head and tail are all of most keys.
        if length <= 8 { return length }
        guard length <= available, loadWord(input + (length &- 8)) == key.pointee.tail else { return nil }
        if length > 16, !sameBytes(input + 8, key.pointee.start + 8, length &- 16) { return nil }
        return length
    }

    /// Which key a text spells.
    func index(named name: String) -> Int? { (0..<count).first { keys[$0].name == name } }

    /// Which key a span without escapes spells; for text with white space before its colons.
    func index(of span: StringSpan) -> Int? {
        (0..<count).first { index in
            keys[index].length == span.count + 3 && sameBytes(keys[index].start + 1, span.start, span.count)
        }
    }
}

/// Which fields of an object have been read.
struct FieldSet {
    private var bits: UInt32 = 0

    /// Adds a field; false if it was there.
    @inline(__always)
    mutating func insert(_ field: Int) -> Bool {
        let bit = 1 as UInt32 &<< UInt32(truncatingIfNeeded: field)
        guard bits & bit == 0 else { return false }
        bits |= bit
        return true
    }

    @inline(__always)
    func contains(_ field: Int) -> Bool { bits & (1 &<< UInt32(truncatingIfNeeded: field)) != 0 }

    var isEmpty: Bool { bits == 0 }

    /// Whether any of the fields is there.
    func contains(anyOf fields: Range<Int>) -> Bool {
        let below = { (field: Int) in (1 as UInt32 &<< UInt32(truncatingIfNeeded: field)) &- 1 }
        return bits & (below(fields.upperBound) & ~below(fields.lowerBound)) != 0
    }
}

extension JSONReader {
    /// Consumes a member's key and colon. Gives the field's index in the table, or -1 and the key's span for one that is
    /// not in it. A field that was read before is a fault.
    @inline(__always)
    mutating func field(
        of table: FieldTable, expected: Int, seen: inout FieldSet, unknown: inout StringSpan, in object: StaticString
    ) throws(JSONFault) -> Int {
        _ = peek()
        var field = -1
        if let match = table.match(base + position, available: end &- position, expected: expected) {
            position &+= match.length
            field = match.index
        } else {
            unknown = try key()
            let index = unknown.hasEscapes ? table.index(named: try text(of: unknown)) : table.index(of: unknown)
            if let index { field = index }
        }
        if field >= 0, !seen.insert(field) { throw fault(.duplicateKey, object) }
        return field
    }

    /// Keeps a member that this version does not know.
    mutating func keep(_ key: StringSpan, in fields: inout MetricMap<JSONValue>) throws(JSONFault) {
        let name = try text(of: key)
        try checkMembers(fields.count)
        fields.append(name, try value())
    }

    /// Refuses one element or member more than the limit; when there are many already, one that would follow, too.
    @inline(__always)
    func checkMembers(_ count: Int) throws(JSONFault) {
        if count >= maximumMembers || (count == 1024 && hasTooManyMembers(after: count)) {
            throw fault(.tooLarge, "there are more elements than the limit allows")
        }
    }

    /// Whether the array or object that is open goes on beyond the limit. Looked up before memory is spent on what will be
    /// refused; broken text is left to the reading.
    private func hasTooManyMembers(after count: Int) -> Bool {
        // Members that the reader knows stand among those that are counted.
        var left = maximumMembers - count + 64
        var level = 0
        var index = position
        while index < end {
            switch base[index] {
            case UInt8(ascii: "\""):
                index += 1
                while index < end, base[index] != UInt8(ascii: "\"") {
                    index += base[index] == UInt8(ascii: "\\") ? 2 : 1
                }
            case UInt8(ascii: "["), UInt8(ascii: "{"): level += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                level -= 1
                if level < 0 { return false }
            case UInt8(ascii: ",") where level == 0:
                left -= 1
                if left < 0 { return true }
            default: break
            }
            index += 1
        }
        return false
    }

    /// Requires that the kept members have different keys.
    @inline(__always)
    func checkUnique<Value>(_ map: MetricMap<Value>, from start: Int, in object: StaticString) throws(JSONFault) {
        if map.count > 1, map.hasDuplicateKeys { throw JSONFault(.duplicateKey, start, object) }
    }
}
