import FoundationEssentials

extension JSONReader {
    /// Consumes a string or null.
    mutating func optionalString() throws(JSONFault) -> String? { null() ? nil : try string() }

    /// Consumes a UUID.
    mutating func uuid() throws(JSONFault) -> UUID {
        guard peek() == UInt8(ascii: "\"") else { throw mismatch("a UUID") }
        let start = position
        // Digits and dashes alone need no look for what ends a text early.
        if start &+ 38 <= end, base[start &+ 37] == UInt8(ascii: "\""),
            let uuid = UUID(hexadecimal: base + (start &+ 1))
        {
            position = start &+ 38
            return uuid
        }
        let span = try stringSpan()
        guard span.count == 36, !span.hasEscapes, let uuid = UUID(hexadecimal: span.start) else {
            throw JSONFault(.invalidValue, start, "this is no UUID")
        }
        return uuid
    }

    /// Consumes a timestamp.
    mutating func timestamp() throws(JSONFault) -> ProgressTimestamp {
        guard peek() == UInt8(ascii: "\"") else { throw mismatch("a timestamp") }
        let span = try stringSpan()
        let bytes = UnsafeBufferPointer(start: span.start, count: span.count)
        if let value = ProgressTimestamp.milliseconds(canonical: bytes) {
            return ProgressTimestamp(storage: .milliseconds(value))
        }
        return ProgressTimestamp(storage: .text(try text(of: span)))
    }

    /// Consumes a status; what it has beside its three fields is skipped.
    mutating func status() throws(JSONFault) -> StreamingQueryStatus {
        let table = StatusField.table
        var status = StreamingQueryStatus(message: "", isDataAvailable: false, isTriggerActive: false)
        var seen = FieldSet()
        var unknown = StringSpan(start: base, count: 0, hasEscapes: false, hasNonASCII: false)
        let start = position
        if try beginObject() {
            repeat {
                let field = try field(of: table, expected: 0, seen: &seen, unknown: &unknown, in: "the status")
                switch field {
                case StatusField.message: status.message = try string()
                case StatusField.isDataAvailable: status.isDataAvailable = try bool()
                case StatusField.isTriggerActive: status.isTriggerActive = try bool()
                default: _ = try value()
                }
            } while try nextMember()
        }
        if !seen.contains(StatusField.message) { throw JSONFault(.missingField, start, "message") }
        if !seen.contains(StatusField.isDataAvailable) { throw JSONFault(.missingField, start, "isDataAvailable") }
        if !seen.contains(StatusField.isTriggerActive) { throw JSONFault(.missingField, start, "isTriggerActive") }
        return status
    }
}

extension UUID {
    /// Reads `8-4-4-4-12` hexadecimal digits of either case from 36 bytes.
    init?(hexadecimal text: UnsafePointer<UInt8>) {
        guard text[8] == 45, text[13] == 45, text[18] == 45, text[23] == 45,
            let first = UUID.fourBytes(loadWord(text)),
            let second = UUID.fourBytes(UUID.joined(text + 9, text + 14)),
            let third = UUID.fourBytes(UUID.joined(text + 19, text + 24)),
            let fourth = UUID.fourBytes(loadWord(text + 28))
        else { return nil }
        var bytes: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &bytes) { target in
            target.storeBytes(of: first, toByteOffset: 0, as: UInt32.self)
            target.storeBytes(of: second, toByteOffset: 4, as: UInt32.self)
            target.storeBytes(of: third, toByteOffset: 8, as: UInt32.self)
            target.storeBytes(of: fourth, toByteOffset: 12, as: UInt32.self)
        }
        self.init(uuid: bytes)
    }

    /// Four digits from each of two places.
    @inline(__always)
    private static func joined(_ low: UnsafePointer<UInt8>, _ high: UnsafePointer<UInt8>) -> UInt64 {
        let low = UInt64(UnsafeRawPointer(low).loadUnaligned(as: UInt32.self).littleEndian)
        let high = UInt64(UnsafeRawPointer(high).loadUnaligned(as: UInt32.self).littleEndian)
        return UInt64(littleEndian: low | high << 32)
    }

    /// Eight digits at once: digits of an id are as random as anything, and a branch on each would be guessed wrong half
    /// the time. Valid digits are those of values below 16 that come out the same when turned back into digits;
    /// control characters would come out as digits, and have neither of two bits that every digit has one of.
    @inline(__always)
    private static func fourBytes(_ word: UInt64) -> UInt32? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        guard (word | word &<< 1) & (ones &* 0x40) == ones &* 0x40 else { return nil }
        let digits = word.littleEndian | (ones &* 0x20)
        let values = (digits & (ones &* 0x0F)) &+ ((digits &>> 6) & ones) &* 9
        let isLetter = ((values &+ ones &* 6) &>> 4) & ones
        guard values &+ ones &* 0x30 &+ isLetter &* 0x27 == digits, values & (ones &* 0xF0) == 0 else { return nil }
        let pairs = (values &<< 4 | values &>> 8) & 0x00FF_00FF_00FF_00FF
        let quads = (pairs | pairs &>> 8) & 0x0000_FFFF_0000_FFFF
        return UInt32(truncatingIfNeeded: quads | quads &>> 16).littleEndian
    }
}
