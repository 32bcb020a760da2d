/// Where a string's text lies in the input, between its quotes.
package struct StringSpan {
    package var start: UnsafePointer<UInt8>
    package var count: Int
    /// Whether there are escapes to resolve.
    package var hasEscapes: Bool
    /// Whether there are bytes beyond ASCII, which are not yet known to be UTF-8.
    package var hasNonASCII: Bool
}

extension JSONReader {
    /// Consumes a string, checking its escapes, and says where its text is. The caller has seen the opening quote.
    @inline(__always)
    package mutating func stringSpan() throws(JSONFault) -> StringSpan {
        let start = position &+ 1
        var index = start
        while index &+ 16 <= end {
            let stops = JSONReader.stopBytes(loadVector(base + index))
            if stops.x | stops.y == 0 {
                index &+= 16
                continue
            }
            index &+=
                (stops.x != 0 ? stops.x.trailingZeroBitCount : stops.y.trailingZeroBitCount &+ 64) &>> 3
            if base[index] == UInt8(ascii: "\"") {
                position = index &+ 1
                return StringSpan(start: base + start, count: index &- start, hasEscapes: false, hasNonASCII: false)
            }
            break
        }
        return try unusualSpan(from: start, at: index)
    }

    /// Which of sixteen bytes are a quote, a backslash, a control character or beyond ASCII: all their bits are set.
    @inline(__always)
    private static func stopBytes(_ bytes: SIMD16<UInt8>) -> SIMD2<UInt64> {
        let quotes = bytes .== vector(of: UInt8(ascii: "\""))
        let backslashes = bytes .== vector(of: UInt8(ascii: "\\"))
        let others = (bytes .< vector(of: 0x20)) .| (bytes .>= vector(of: 0x80))
        let words = unsafeBitCast(quotes .| backslashes .| others, to: SIMD2<UInt64>.self)
        return SIMD2(UInt64(littleEndian: words.x), UInt64(littleEndian: words.y))
    }

    /// Goes on byte by byte: escapes, text beyond ASCII, and the last bytes of the input.
    private mutating func unusualSpan(from start: Int, at first: Int) throws(JSONFault) -> StringSpan {
        var index = first
        var hasEscapes = false
        var hasNonASCII = false
        while index < end {
            switch base[index] {
            case UInt8(ascii: "\""):
                position = index + 1
                return StringSpan(
                    start: base + start, count: index - start, hasEscapes: hasEscapes, hasNonASCII: hasNonASCII)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                index += try escapeLength(at: index)
            case 0x80...:
                hasNonASCII = true
                index += 1
            case 0..<0x20: throw JSONFault(.malformedJSON, index, "a control character stands unescaped in a string")
            default: index += 1
            }
        }
        throw JSONFault(.malformedJSON, end, "the text ends within a string")
    }

    private func escapeLength(at index: Int) throws(JSONFault) -> Int {
        guard index + 1 < end else { throw JSONFault(.malformedJSON, end, "the text ends within a string") }
        switch base[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            guard index + 6 <= end, hexCodeUnit(base + index + 2) != nil else {
                throw JSONFault(.malformedJSON, index, "\\u needs four hexadecimal digits")
            }
            return 6
        default: throw JSONFault(.malformedJSON, index, "JSON has no such escape")
        }
    }

    /// Consumes a string.
    @inline(__always)
    package mutating func string(_ expected: StaticString = "a string") throws(JSONFault) -> String {
        guard peek() == UInt8(ascii: "\"") else { throw mismatch(expected) }
        return try text(of: try stringSpan())
    }

    /// The text of a span, unescaped. Half of a surrogate pair standing alone becomes U+FFFD: Swift's text cannot hold it.
    @inline(__always)
    package func text(of span: StringSpan) throws(JSONFault) -> String {
        if span.hasEscapes || span.hasNonASCII { return try unusualText(of: span) }
        return plainText(UnsafeBufferPointer(start: span.start, count: span.count))
    }

    /// Text that is known to be ASCII, from the cache if there is one.
    @inline(__always)
    func plainText(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        guard let texts, bytes.count > 15 else { return String(decoding: bytes, as: UTF8.self) }
        return texts.text(UnsafeRawBufferPointer(bytes))
    }

    private func unusualText(of span: StringSpan) throws(JSONFault) -> String {
        let raw = UnsafeBufferPointer(start: span.start, count: span.count)
        let text =
            if span.hasEscapes { String(validating: unescaped(raw), as: UTF8.self) } else {
                String(validating: raw, as: UTF8.self)
            }
        guard let text else { throw JSONFault(.invalidUTF8, span.start - base, "a string is not UTF-8") }
        return text
    }

    /// Resolves escapes that ``stringSpan()`` has already checked.
    private func unescaped(_ raw: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        var index = 0
        while index < raw.count {
            let byte = raw[index]
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                index += 1
                continue
            }
            switch raw[index + 1] {
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "u"):
                let (scalar, length) = escapedScalar(raw, at: index)
                bytes.append(contentsOf: Unicode.UTF8.encode(scalar) ?? Unicode.UTF8.encodedReplacementCharacter)
                index += length - 2
            case let plain: bytes.append(plain)
            }
            index += 2
        }
        return bytes
    }

    /// The scalar of `\uXXXX` or of a pair of them, and how many bytes that took.
    private func escapedScalar(_ raw: UnsafeBufferPointer<UInt8>, at index: Int) -> (Unicode.Scalar, Int) {
        let replacement: Unicode.Scalar = "\u{FFFD}"
        guard let start = raw.baseAddress, let unit = hexCodeUnit(start + index + 2) else { return (replacement, 6) }
        if let scalar = Unicode.Scalar(unit) { return (scalar, 6) }
        guard unit < 0xDC00, index + 12 <= raw.count, raw[index + 6] == UInt8(ascii: "\\"),
            raw[index + 7] == UInt8(ascii: "u"), let low = hexCodeUnit(start + index + 8),
            (0xDC00..<0xE000).contains(low)
        else { return (replacement, 6) }
        let value = 0x10000 + (UInt32(unit - 0xD800) << 10) + UInt32(low - 0xDC00)
        return (Unicode.Scalar(value) ?? replacement, 12)
    }

    private func hexCodeUnit(_ digits: UnsafePointer<UInt8>) -> UInt16? {
        var value: UInt16 = 0
        for index in 0..<4 {
            guard let digit = hexDigit(digits[index]) else { return nil }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}

/// The value of a hexadecimal digit of either case.
@inline(__always)
package func hexDigit(_ byte: UInt8) -> UInt8? {
    let digit = byte &- UInt8(ascii: "0")
    if digit < 10 { return digit }
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    return letter < 6 ? letter &+ 10 : nil
}
