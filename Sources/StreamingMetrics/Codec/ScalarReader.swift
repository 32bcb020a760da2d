import FoundationEssentials

extension JSONReader {
    /// Consumes a string or null.
    mutating func optionalString() throws(JSONFault) -> String? { null() ? nil : try string() }

    /// Consumes a UUID.
    mutating func uuid() throws(JSONFault) -> UUID {
        guard peek() == UInt8(ascii: "\"") else { throw mismatch("a UUID") }
        let start = position
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
        guard text[8] == 45, text[13] == 45, text[18] == 45, text[23] == 45 else { return nil }
        var bytes: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        let isValid = withUnsafeMutableBytes(of: &bytes) { target in
            var position = 0
            for index in 0..<16 {
                if index == 4 || index == 6 || index == 8 || index == 10 { position &+= 1 }
                guard let high = hexDigit(text[position]), let low = hexDigit(text[position &+ 1]) else { return false }
                target[index] = high << 4 | low
                position &+= 2
            }
            return true
        }
        guard isValid else { return nil }
        self.init(uuid: bytes)
    }
}
