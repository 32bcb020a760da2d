extension DateTimePattern {
    /// What a text said; parts that the pattern lacks keep the values here.
    struct Fields {
        var year = 1970
        var month = 1
        var day = 1
        var hour = 0
        var minute = 0
        var second = 0
        var micros = 0
        var zone: ZoneOffset?

        /// Microseconds since 1970 as if the fields were UTC, or nil when there is no such day or time.
        var localMicros: Int64? {
            guard let days = CivilDate.days(year: year, month: month, day: day) else { return nil }
            guard hour < 24, minute < 60, second < 60 else { return nil }
            let seconds = Int64(days) * 86400 + Int64(hour * 3600 + minute * 60 + second)
            return CivilDate.micros(seconds: seconds, fraction: Int64(micros))
        }
    }

    /// The fields of a text that fits the pattern from end to end.
    func parse(_ text: [UInt8]) -> Fields? {
        var fields = Fields()
        var rest = text[...]
        guard Self.match(elements, &rest, &fields), rest.isEmpty else { return nil }
        return fields
    }

    private static func match(_ elements: [Element], _ rest: inout ArraySlice<UInt8>, _ fields: inout Fields) -> Bool {
        for element in elements {
            switch element {
            case .literal(let bytes):
                guard rest.starts(with: bytes) else { return false }
                rest = rest.dropFirst(bytes.count)
            case .optional(let inner):
                var (triedRest, triedFields) = (rest, fields)
                if match(inner, &triedRest, &triedFields) { (rest, fields) = (triedRest, triedFields) }
            case .field(let letter, let count):
                guard field(letter, count, &rest, &fields) else { return false }
            }
        }
        return true
    }

    private static func field(
        _ letter: Character, _ count: Int, _ rest: inout ArraySlice<UInt8>, _ fields: inout Fields
    ) -> Bool {
        if letter == "X" || letter == "Z" || letter == "V" {
            let text = rest.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "]") }
            guard let zone = ZoneOffset(String(decoding: text, as: UTF8.self)) else { return false }
            fields.zone = zone
            rest = rest.dropFirst(text.count)
            return true
        }
        let most = letter == "S" || count > 1 ? count : (letter == "y" ? 9 : 2)
        let digits = rest.prefix(most).prefix { (48...57).contains($0) }
        guard !digits.isEmpty, count == 1 && letter != "S" || digits.count == count else { return false }
        rest = rest.dropFirst(digits.count)
        let number = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
        switch letter {
        case "y": fields.year = number
        case "M": fields.month = number
        case "d": fields.day = number
        case "H": fields.hour = number
        case "m": fields.minute = number
        case "s": fields.second = number
        default:
            var micros = number
            for _ in min(count, 6)..<6 { micros *= 10 }
            for _ in 6..<max(count, 6) { micros /= 10 }
            fields.micros = micros
        }
        return true
    }
}
