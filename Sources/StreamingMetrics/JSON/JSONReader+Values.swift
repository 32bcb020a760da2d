/// What a skipped value's text needs before it can be kept as a ``JSONValue``.
private struct TextTraits {
    /// White space, escapes or bare NaN: the text must be written anew in its plain form.
    var needsRewriting = false
    var hasNonASCII = false
}

extension JSONReader {
    /// Consumes any value and keeps its text: digits, order of keys and keys that stand twice included.
    package mutating func value() throws(JSONFault) -> JSONValue {
        let first = peek()
        let start = position
        let isObject = first == UInt8(ascii: "{")
        if isObject, skipLikeKept() { return JSONValue(canonicalText: valueText(text(from: start))) }
        var traits = TextTraits()
        try skip(&traits)
        if traits.needsRewriting { return try rewritten(from: start) }
        let raw = text(from: start)
        guard traits.hasNonASCII else {
            if isObject { kept = KeptObject(start: start, count: raw.count, depth: depth) }
            return JSONValue(canonicalText: valueText(raw))
        }
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw JSONFault(.invalidUTF8, start, "a value is not UTF-8")
        }
        return JSONValue(canonicalText: text)
    }

    /// The text of a value that is kept, known to be ASCII, from the cache if there is one.
    @inline(__always)
    private func valueText(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        guard let texts, bytes.count > 15 else { return String(decoding: bytes, as: UTF8.self) }
        return texts.value(bytes)
    }

    @inline(__always)
    private func text(from start: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: base + start, count: position &- start)
    }

    private mutating func skip(_ traits: inout TextTraits) throws(JSONFault) {
        switch peek(noting: &traits) {
        case UInt8(ascii: "\""): try skipString(&traits)
        case UInt8(ascii: "{"): try skipObject(&traits)
        case UInt8(ascii: "["): try skipArray(&traits)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber()
        case UInt8(ascii: "n") where consume("null"), UInt8(ascii: "t") where consume("true"),
            UInt8(ascii: "f") where consume("false"):
            return
        default:
            if nonNumber() != nil {
                traits.needsRewriting = true
            } else if peek() == UInt8(ascii: "-") {
                try skipNumber()
            } else {
                throw fault(.malformedJSON, position < end ? "no JSON value begins here" : "the text ends too early")
            }
        }
    }

    /// As ``peek()``, taking note of white space.
    @inline(__always)
    private mutating func peek(noting traits: inout TextTraits) -> UInt8 {
        guard position < end else { return 0 }
        let byte = base[position]
        if byte > 0x20 { return byte }
        traits.needsRewriting = true
        return peek()
    }

    @inline(__always)
    private mutating func skipString(_ traits: inout TextTraits) throws(JSONFault) {
        let span = try stringSpan()
        if span.hasEscapes { traits.needsRewriting = true }
        if span.hasNonASCII { traits.hasNonASCII = true }
    }

    /// Digits alone are by far the most frequent; anything else goes through the full grammar.
    @inline(__always)
    private mutating func skipNumber() throws(JSONFault) {
        var index = position
        if base[index] != UInt8(ascii: "0") {
            index = endOfDigits(from: index)
            if index > position, index < end, base[index] != UInt8(ascii: "."), base[index] | 0x20 != UInt8(ascii: "e")
            {
                position = index
                return
            }
        }
        _ = try decimal()
    }

    private mutating func skipObject(_ traits: inout TextTraits) throws(JSONFault) {
        let start = position
        guard try beginObject() else {
            if position != start + 2 { traits.needsRewriting = true }
            return
        }
        if position != start + 1 { traits.needsRewriting = true }
        var isMore = true
        while isMore {
            if skipCounters() { return }
            guard peek(noting: &traits) == UInt8(ascii: "\"") else {
                throw fault(.malformedJSON, "expected a key in quotes")
            }
            try skipString(&traits)
            guard peek(noting: &traits) == UInt8(ascii: ":") else {
                throw fault(.malformedJSON, "expected \":\" after a key")
            }
            position += 1
            // Offsets are objects of numbers mostly: those need no call.
            if peek(noting: &traits) &- UInt8(ascii: "0") < 10 { try skipNumber() } else { try skip(&traits) }
            _ = peek(noting: &traits)
            isMore = try nextMember()
        }
    }

    private mutating func skipArray(_ traits: inout TextTraits) throws(JSONFault) {
        let start = position
        guard try beginArray() else {
            if position != start + 2 { traits.needsRewriting = true }
            return
        }
        if position != start + 1 { traits.needsRewriting = true }
        var isMore = true
        while isMore {
            try skip(&traits)
            _ = peek(noting: &traits)
            isMore = try nextElement()
        }
    }

    // MARK: The plain form

    /// Reads the value again from `start` and writes it without white space and needless escapes.
    private mutating func rewritten(from start: Int) throws(JSONFault) -> JSONValue {
        position = start
        var writer = JSONWriter()
        try rewrite(into: &writer)
        return JSONValue(canonicalText: writer.text)
    }

    private mutating func rewrite(into writer: inout JSONWriter) throws(JSONFault) {
        switch peek() {
        case UInt8(ascii: "\""): writer.string(try text(of: stringSpan()))
        case UInt8(ascii: "{"):
            writer.byte(UInt8(ascii: "{"))
            if try beginObject() {
                var isFirst = true
                repeat {
                    if !isFirst { writer.byte(UInt8(ascii: ",")) }
                    isFirst = false
                    writer.string(try text(of: key()))
                    writer.byte(UInt8(ascii: ":"))
                    try rewrite(into: &writer)
                } while try nextMember()
            }
            writer.byte(UInt8(ascii: "}"))
        case UInt8(ascii: "["):
            writer.byte(UInt8(ascii: "["))
            if try beginArray() {
                var isFirst = true
                repeat {
                    if !isFirst { writer.byte(UInt8(ascii: ",")) }
                    isFirst = false
                    try rewrite(into: &writer)
                } while try nextElement()
            }
            writer.byte(UInt8(ascii: "]"))
        default: try rewriteScalar(into: &writer)
        }
    }

    private mutating func rewriteScalar(into writer: inout JSONWriter) throws(JSONFault) {
        // JSON has no NaN: where a value is kept as it is, the bare word becomes the string that Spark writes for it.
        if let word = nonNumber() {
            writer.byte(UInt8(ascii: "\""))
            writer.literal(word)
            writer.byte(UInt8(ascii: "\""))
            return
        }
        let start = position
        var traits = TextTraits()
        try skip(&traits)
        writer.raw(UnsafeBufferPointer(start: base + start, count: position - start))
    }
}
