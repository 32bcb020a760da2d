/// A pull reader over the bytes of one JSON text: the caller says what it expects next and gets it typed.
///
/// One pass, no tokens, no allocation besides the strings it hands out. Nothing is read beyond `end`. Every fault is
/// thrown as a ``JSONFault``; no input traps. The memory must outlive the reader.
package struct JSONReader {
    package let base: UnsafePointer<UInt8>
    package let end: Int
    package var position: Int
    /// How many arrays and objects are open, against ``maximumDepth``.
    package var depth = 0
    package let maximumDepth: Int
    package let maximumMembers: Int
    /// Where strings and kept values are looked up; whoever gives it keeps it. Not counted, since readers live for one call.
    package unowned(unsafe) let texts: TextCache?
    /// The last object that was kept as it stands; the next one is often the same but for its digits.
    var kept = KeptObject()

    /// Creates a reader at the first byte after a byte order mark and white space.
    package init(
        _ bytes: UnsafeRawBufferPointer, maximumDepth: Int = MetricsCodec.Limits.default.maximumDepth,
        maximumMembers: Int = MetricsCodec.Limits.default.maximumMembers, texts: TextCache? = nil
    ) {
        // An empty buffer may have no address; with `end` 0 nothing is ever read through this one.
        base = (bytes.baseAddress ?? UnsafeRawPointer(JSONReader.emptyBase)).assumingMemoryBound(to: UInt8.self)
        end = bytes.count
        position = 0
        // Reading nested values recurses; this bound keeps the stack small whatever the caller asks for.
        self.maximumDepth = min(maximumDepth, 512)
        self.maximumMembers = maximumMembers
        self.texts = texts
        if end >= 3, base[0] == 0xEF, base[1] == 0xBB, base[2] == 0xBF { position = 3 }
        skipWhitespace()
    }

    private static var emptyBase: UnsafePointer<UInt8> { ("" as StaticString).utf8Start }

    /// The next byte that is not white space, not consumed; 0 at the end (a NUL is no JSON either).
    @inline(__always)
    package mutating func peek() -> UInt8 {
        guard position < end else { return 0 }
        let byte = base[position]
        if byte > 0x20 { return byte }
        skipWhitespace()
        return position < end ? base[position] : 0
    }

    /// Moves over white space.
    package mutating func skipWhitespace() {
        while position < end {
            let byte = base[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    /// A fault at the present position.
    package func fault(_ code: MetricsCodecError.Code, _ detail: StaticString) -> JSONFault {
        JSONFault(code, position, detail)
    }

    /// The fault of finding another kind of value than was expected; broken text is told from a wrong type.
    package mutating func mismatch(_ expected: StaticString) -> JSONFault {
        let isValue =
            switch peek() {
            case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""), UInt8(ascii: "-"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: isNext("true") || isNext("false") || isNext("null")
            }
        if isValue { return fault(.wrongType, expected) }
        return fault(.malformedJSON, position < end ? "no JSON value begins here" : "the text ends too early")
    }

    /// Requires that nothing but white space follows.
    package mutating func finish() throws(JSONFault) {
        skipWhitespace()
        guard position == end else { throw fault(.malformedJSON, "something follows the value") }
    }

    // MARK: Objects and arrays

    /// Consumes `{`; false when the object is empty and thereby read.
    @inline(__always)
    package mutating func beginObject(_ expected: StaticString = "an object") throws(JSONFault) -> Bool {
        guard peek() == UInt8(ascii: "{") else { throw mismatch(expected) }
        try descend()
        if peek() == UInt8(ascii: "}") {
            ascend()
            return false
        }
        return true
    }

    /// Consumes `,` or `}` after a member; false when the object is at its end.
    @inline(__always)
    package mutating func nextMember() throws(JSONFault) -> Bool {
        let byte = peek()
        if byte == UInt8(ascii: ",") {
            position += 1
            return true
        }
        guard byte == UInt8(ascii: "}") else { throw fault(.malformedJSON, "expected \",\" or \"}\"") }
        ascend()
        return false
    }

    /// Consumes `[`; false when the array is empty and thereby read.
    @inline(__always)
    package mutating func beginArray(_ expected: StaticString = "an array") throws(JSONFault) -> Bool {
        guard peek() == UInt8(ascii: "[") else { throw mismatch(expected) }
        try descend()
        if peek() == UInt8(ascii: "]") {
            ascend()
            return false
        }
        return true
    }

    /// Consumes `,` or `]` after an element; false when the array is at its end.
    @inline(__always)
    package mutating func nextElement() throws(JSONFault) -> Bool {
        let byte = peek()
        if byte == UInt8(ascii: ",") {
            position += 1
            return true
        }
        guard byte == UInt8(ascii: "]") else { throw fault(.malformedJSON, "expected \",\" or \"]\"") }
        ascend()
        return false
    }

    @inline(__always)
    private mutating func descend() throws(JSONFault) {
        guard depth < maximumDepth else { throw fault(.tooDeep, "arrays and objects are nested too deeply") }
        depth += 1
        position += 1
    }

    @inline(__always)
    private mutating func ascend() {
        depth -= 1
        position += 1
    }

    /// Consumes a key and its colon; the key's text is left as a span.
    package mutating func key() throws(JSONFault) -> StringSpan {
        guard peek() == UInt8(ascii: "\"") else { throw fault(.malformedJSON, "expected a key in quotes") }
        let span = try stringSpan()
        guard peek() == UInt8(ascii: ":") else { throw fault(.malformedJSON, "expected \":\" after a key") }
        position += 1
        return span
    }

    // MARK: Words

    /// Consumes a word if it comes next.
    @inline(__always)
    package mutating func consume(_ word: StaticString) -> Bool {
        guard isNext(word) else { return false }
        position += word.utf8CodeUnitCount
        return true
    }

    @inline(__always)
    private func isNext(_ word: StaticString) -> Bool {
        position + word.utf8CodeUnitCount <= end && sameBytes(base + position, word.utf8Start, word.utf8CodeUnitCount)
    }

    /// Consumes `null` if it comes next.
    @inline(__always)
    package mutating func null() -> Bool { peek() == UInt8(ascii: "n") && consume("null") }

    /// Consumes `true` or `false`.
    package mutating func bool() throws(JSONFault) -> Bool {
        switch peek() {
        case UInt8(ascii: "t") where consume("true"): return true
        case UInt8(ascii: "f") where consume("false"): return false
        default: throw mismatch("true or false")
        }
    }
}

/// Eight bytes from an unaligned address, in the machine's order.
@inline(__always)
package func loadWord(_ pointer: UnsafePointer<UInt8>) -> UInt64 {
    UnsafeRawPointer(pointer).loadUnaligned(as: UInt64.self)
}

/// Sixteen bytes from an unaligned address.
@inline(__always)
func loadVector(_ pointer: UnsafePointer<UInt8>) -> SIMD16<UInt8> {
    UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<UInt8>.self)
}

/// A byte sixteen times. By its own name, since with an initialiser the comparison operators of any vector would be chosen, which
/// go lane by lane.
@inline(__always)
func vector(of byte: UInt8) -> SIMD16<UInt8> { SIMD16(repeating: byte) }

/// Whether two stretches of memory hold the same bytes; by words, as the stretches are short.
@inline(__always)
package func sameBytes(_ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    var index = 0
    while index &+ 8 <= count {
        if loadWord(left + index) != loadWord(right + index) { return false }
        index &+= 8
    }
    if count >= 8 { return loadWord(left + (count &- 8)) == loadWord(right + (count &- 8)) }
    while index < count {
        if left[index] != right[index] { return false }
        index &+= 1
    }
    return true
}
