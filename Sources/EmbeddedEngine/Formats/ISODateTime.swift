/// Dates and times as Spark reads them from text where no pattern is given: ISO 8601, loosely.
enum ISODateTime {
    /// What a text said.
    private struct Parts {
        /// Year, month, day, hour, minute, second, microsecond.
        var segments = [1, 1, 1, 0, 0, 0, 0]
        var zoneText: ArraySlice<UInt8>?
        var isTimeOnly = false
    }

    /// Microseconds since 1970 of a text such as `2024-01-01T10:00:00.5+02:00`, or of parts of it: `2024-1-1`, `2024`.
    ///
    /// A text without a zone is in `zone`; a time alone is on the day `today` gives. Nil for anything else, also for
    /// zones named by region.
    static func timestamp(_ text: [UInt8], zone: ZoneOffset, today: () -> Int) -> Int64? {
        guard let parts = parse(text) else { return nil }
        var offset = zone
        if let zoneText = parts.zoneText {
            guard let named = ZoneOffset(String(decoding: zoneText, as: UTF8.self)) else { return nil }
            offset = named
        }
        guard let local = localMicros(parts, day: parts.isTimeOnly ? today() : nil) else { return nil }
        let (micros, overflow) = local.subtractingReportingOverflow(Int64(offset.seconds) * 1_000_000)
        return overflow ? nil : micros
    }

    /// The same for a time without a zone: a text that names one, or has no date, is none.
    static func timestampNTZ(_ text: [UInt8]) -> Int64? {
        guard let parts = parse(text), parts.zoneText == nil, !parts.isTimeOnly else { return nil }
        return localMicros(parts, day: nil)
    }

    /// Days since 1970 of a text such as `2024-01-01`, `2024-1`, `2024` or one that goes on with `T` or a space after
    /// the day; a number with too many digits for a year is the number of days itself, as old Sparks wrote it.
    static func date(_ text: [UInt8]) -> Int? {
        let trimmed = trim(text)
        var rest = trimmed
        var sign = 1
        if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            sign = first == UInt8(ascii: "-") ? -1 : 1
            rest = rest.dropFirst()
        }
        var segments: [Int] = []
        while segments.count < 3 {
            let digits = rest.prefix { (48...57).contains($0) }
            guard segments.isEmpty ? (4...7).contains(digits.count) : (1...2).contains(digits.count) else {
                return segments.isEmpty ? legacyDays(trimmed) : nil
            }
            segments.append(number(digits))
            rest = rest.dropFirst(digits.count)
            guard let separator = rest.popFirst() else { break }
            if segments.count == 3 {
                guard separator == UInt8(ascii: "T") || separator == UInt8(ascii: " ") else { return nil }
            } else if separator != UInt8(ascii: "-") {
                return nil
            }
        }
        segments += [Int](repeating: 1, count: 3 - segments.count)
        return CivilDate.days(year: sign * segments[0], month: segments[1], day: segments[2])
    }

    private static func legacyDays(_ text: ArraySlice<UInt8>) -> Int? {
        Int32(String(decoding: text, as: UTF8.self)).map(Int.init)
    }

    private static func localMicros(_ parts: Parts, day: Int?) -> Int64? {
        let s = parts.segments
        guard let days = day ?? CivilDate.days(year: s[0], month: s[1], day: s[2]) else { return nil }
        guard s[3] < 24, s[4] < 60, s[5] < 60 else { return nil }
        let seconds = Int64(days) * 86400 + Int64(s[3] * 3600 + s[4] * 60 + s[5])
        return CivilDate.micros(seconds: seconds, fraction: Int64(s[6]))
    }

    /// Cuts a text into its segments, going by Spark's rules for what may follow what.
    private static func parse(_ text: [UInt8]) -> Parts? {
        var rest = trim(text)
        guard let first = rest.first else { return nil }
        var parts = Parts()
        var segment = 0
        var sign = 1
        let isSigned = first == UInt8(ascii: "-") || first == UInt8(ascii: "+")
        if isSigned {
            sign = first == UInt8(ascii: "-") ? -1 : 1
            rest = rest.dropFirst()
        } else if first == UInt8(ascii: "T") {
            parts.isTimeOnly = true
            segment = 3
            rest = rest.dropFirst()
        }
        while true {
            let digits = rest.prefix { (48...57).contains($0) }
            rest = rest.dropFirst(digits.count)
            let separator = rest.first
            if segment == 0, separator == UInt8(ascii: ":"), !isSigned {
                parts.isTimeOnly = true
                segment = 3
            }
            guard isValid(digits.count, segment: segment) else { return nil }
            parts.segments[segment] = segment == 6 ? micros(digits) : number(digits)
            guard let separator else { break }
            switch (segment, separator) {
            case (0, UInt8(ascii: "-")), (1, UInt8(ascii: "-")), (2, UInt8(ascii: "T")), (2, UInt8(ascii: " ")),
                (3, UInt8(ascii: ":")), (4, UInt8(ascii: ":")), (5, UInt8(ascii: ".")):
                segment += 1
                rest = rest.dropFirst()
            case (5, _), (6, _):
                parts.zoneText = rest.drop { $0 == UInt8(ascii: " ") }
                parts.segments[0] *= sign
                return parts
            default: return nil
            }
        }
        parts.segments[0] *= sign
        return parts
    }

    private static func isValid(_ count: Int, segment: Int) -> Bool {
        switch segment {
        case 0: (4...6).contains(count)
        case 6: true
        default: (1...2).contains(count)
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int { digits.reduce(0) { $0 * 10 + Int($1 - 48) } }

    private static func micros(_ digits: ArraySlice<UInt8>) -> Int {
        var value = number(digits.prefix(6))
        for _ in min(digits.count, 6)..<6 { value *= 10 }
        return value
    }

    private static func trim(_ text: [UInt8]) -> ArraySlice<UInt8> {
        var rest = text[...]
        while let byte = rest.first, byte <= 0x20 { rest.removeFirst() }
        while let byte = rest.last, byte <= 0x20 { rest.removeLast() }
        return rest
    }
}
