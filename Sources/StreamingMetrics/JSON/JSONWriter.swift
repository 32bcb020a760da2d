/// Writes compact JSON as Spark's Jackson does: no white space, only the escapes JSON demands, text beyond ASCII raw.
///
/// Bytes go to memory lent by the caller until that is full and to memory of the writer's own from then on, so that a
/// lent buffer that is large enough makes writing free of allocation.
/// ``beginObject()``, ``key(_:)`` and ``endObject()`` and their like set the commas; the bare primitives (``byte(_:)``,
/// ``literal(_:)``, ``string(_:)``, ``integer(_:)``) set none.
package struct JSONWriter: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var isOwner: Bool
    /// How many bytes have been written.
    package private(set) var count = 0
    /// Whether the next member or element is the first of its object or array and takes no comma.
    private var isFirst = true

    /// Creates a writer with memory of its own.
    package init(capacity: Int = 256) {
        self.capacity = max(capacity, 64)
        base = .allocate(capacity: self.capacity)
        isOwner = true
    }

    /// Creates a writer into lent memory, which must outlive it.
    package init(borrowing memory: UnsafeMutableBufferPointer<UInt8>) {
        let isUsable = memory.count >= 64
        base = if isUsable, let start = memory.baseAddress { start } else { .allocate(capacity: 256) }
        capacity = isUsable ? memory.count : 256
        isOwner = !isUsable
    }

    deinit { if isOwner { base.deallocate() } }

    /// Whether everything lies in the lent memory.
    package var fitsBorrowedMemory: Bool { !isOwner }

    /// The bytes written so far; valid until the next write.
    package var written: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

    /// What has been written, as text.
    package var text: String { String(decoding: written, as: UTF8.self) }

    /// What has been written, as bytes.
    package var bytes: [UInt8] { Array(written) }

    /// Makes room for more bytes and gives their address; ``advance(_:)`` says how many were used.
    @inline(__always)
    package mutating func room(_ needed: Int) -> UnsafeMutablePointer<UInt8> {
        if capacity &- count < needed { grow(needed) }
        return base + count
    }

    /// Counts bytes written to ``room(_:)``.
    @inline(__always)
    package mutating func advance(_ written: Int) { count &+= written }

    @inline(never)
    private mutating func grow(_ needed: Int) {
        let larger = max(capacity * 2, count + needed)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        memory.update(from: base, count: count)
        if isOwner { base.deallocate() }
        base = memory
        capacity = larger
        isOwner = true
    }

    // MARK: Primitives

    /// Writes one byte.
    @inline(__always)
    package mutating func byte(_ byte: UInt8) {
        room(1).pointee = byte
        advance(1)
    }

    /// Writes text that needs no escape.
    @inline(__always)
    package mutating func literal(_ text: StaticString) {
        room(text.utf8CodeUnitCount).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        advance(text.utf8CodeUnitCount)
    }

    /// Writes bytes as they are.
    @inline(__always)
    package mutating func raw(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        room(bytes.count).update(from: start, count: bytes.count)
        advance(bytes.count)
    }

    /// Writes a value's text.
    @inline(__always)
    package mutating func value(_ value: JSONValue) {
        var text = value.jsonText
        text.withUTF8 { raw($0) }
    }

    /// Writes a string in quotes.
    @inline(__always)
    package mutating func string(_ string: String) {
        var string = string
        string.withUTF8 { quoted($0) }
    }

    /// Writes a string, or null for nil.
    @inline(__always)
    package mutating func string(orNull string: String?) {
        if let string { self.string(string) } else { literal("null") }
    }

    /// Writes a string, given as UTF-8, in quotes.
    ///
    /// Copies eight bytes at a time; where one of them needs an escape, the rest goes byte by byte.
    package mutating func quoted(_ text: UnsafeBufferPointer<UInt8>) {
        let target = room(text.count &+ 2)
        target[0] = UInt8(ascii: "\"")
        let source = text.baseAddress
        var index = 0
        if let source {
            while index &+ 8 <= text.count {
                let word = loadWord(source + index)
                guard JSONWriter.isPlain(word) else { break }
                UnsafeMutableRawPointer(target + (index &+ 1)).storeBytes(of: word, as: UInt64.self)
                index &+= 8
            }
            while index < text.count, JSONWriter.isPlain(source[index]) {
                target[index &+ 1] = source[index]
                index &+= 1
            }
        }
        if index == text.count {
            target[index &+ 1] = UInt8(ascii: "\"")
            advance(index &+ 2)
        } else {
            advance(index &+ 1)
            escape(text, from: index)
            byte(UInt8(ascii: "\""))
        }
    }

    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Whether none of eight bytes needs an escape. Bytes beyond ASCII may be taken for one that does; that is only slower.
    @inline(__always)
    private static func isPlain(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let found = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- ones &* 0x20) & ~word)
        return found & (ones &* 0x80) == 0
    }

    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>, from start: Int) {
        for index in start..<text.count {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "\""): literal("\\\"")
            case UInt8(ascii: "\\"): literal("\\\\")
            case 0x08: literal("\\b")
            case 0x09: literal("\\t")
            case 0x0A: literal("\\n")
            case 0x0C: literal("\\f")
            case 0x0D: literal("\\r")
            case 0..<0x20:
                literal("\\u00")
                self.byte(UInt8(ascii: "0") + (byte >> 4))
                self.byte((byte & 15) < 10 ? UInt8(ascii: "0") + (byte & 15) : UInt8(ascii: "A") + (byte & 15) - 10)
            default: self.byte(byte)
            }
        }
    }

    // MARK: Structure

    /// Opens an object.
    package mutating func beginObject() {
        byte(UInt8(ascii: "{"))
        isFirst = true
    }

    /// Closes the object.
    package mutating func endObject() {
        byte(UInt8(ascii: "}"))
        isFirst = false
    }

    /// Opens an array.
    package mutating func beginArray() {
        byte(UInt8(ascii: "["))
        isFirst = true
    }

    /// Closes the array.
    package mutating func endArray() {
        byte(UInt8(ascii: "]"))
        isFirst = false
    }

    /// Sets the comma before an element that the caller then writes; ``key(_:)`` does so by itself.
    package mutating func separate() {
        if !isFirst { byte(UInt8(ascii: ",")) }
        isFirst = false
    }

    /// Writes a key and its colon; the value comes next.
    package mutating func key(_ key: String) {
        separate()
        string(key)
        byte(UInt8(ascii: ":"))
    }

    /// Writes an object's member.
    package mutating func member(_ key: String, _ value: JSONValue) {
        self.key(key)
        self.value(value)
    }

    /// Writes an array's element.
    package mutating func element(_ value: JSONValue) {
        separate()
        self.value(value)
    }
}
