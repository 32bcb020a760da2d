/// The moment of an event, as Spark writes it: `2026-11-23T10:21:45.894Z`.
///
/// Spark 3.5 under some locales writes other digits; such text is kept as it is and ``millisecondsSinceEpoch`` is nil.
public struct ProgressTimestamp: Sendable, Hashable, CustomStringConvertible {
    package enum Storage: Sendable, Hashable {
        case milliseconds(Int64)
        case text(String)
    }

    package var storage: Storage

    package init(storage: Storage) { self.storage = storage }

    /// Creates a timestamp from milliseconds since 1970-01-01T00:00:00Z.
    public init(millisecondsSinceEpoch: Int64) { storage = .milliseconds(millisecondsSinceEpoch) }

    /// Creates a timestamp from text. `yyyy-MM-dd'T'HH:mm:ss.SSS'Z'` with a date that exists is a moment, anything else is
    /// kept as text.
    public init(text: String) {
        var text = text
        let value = text.withUTF8 { ProgressTimestamp.milliseconds(canonical: $0) }
        storage = value.map { .milliseconds($0) } ?? .text(text)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z; nil where the text is none of Spark's usual form.
    public var millisecondsSinceEpoch: Int64? {
        // Never inlined: borrowed from a progress in another module, Swift 6.3's optimiser ends the borrow too early and fails.
        @inline(never) get {
            if case .milliseconds(let value) = storage { value } else { nil }
        }
    }

    /// The text as Spark writes it.
    public var description: String {
        switch storage {
        case .text(let text): text
        case .milliseconds(let value):
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 40) { buffer in
                guard let start = buffer.baseAddress else { return "" }
                let length = ProgressTimestamp.write(value, to: start)
                return String(decoding: UnsafeBufferPointer(start: start, count: length), as: UTF8.self)
            }
        }
    }

    /// Whether this moment is before the other; false where either has no known moment.
    public func isBefore(_ other: ProgressTimestamp) -> Bool {
        guard let left = millisecondsSinceEpoch, let right = other.millisecondsSinceEpoch else { return false }
        return left < right
    }
}

// MARK: Calendar
// The proleptic Gregorian calendar by arithmetic (days from civil dates, in eras of 400 years): no formatter, no locale.

extension ProgressTimestamp {
    private static let millisecondsPerDay: Int64 = 86_400_000

    /// Reads exactly `yyyy-MM-ddTHH:mm:ss.SSSZ`; nil for other text and for dates and times that do not exist.
    @inline(__always)
    static func milliseconds(canonical text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard text.count == 24, text[4] == 45, text[7] == 45, text[10] == 84, text[13] == 58, text[16] == 58,
            text[19] == 46, text[23] == 90
        else { return nil }
        var isNumeric = true
        func number(_ from: Int, _ count: Int) -> Int64 {
            var value: Int64 = 0
            for index in from..<(from &+ count) {
                let digit = text[index] &- UInt8(ascii: "0")
                if digit > 9 { isNumeric = false }
                value = value &* 10 &+ Int64(digit)
            }
            return value
        }
        let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2))
        let (hour, minute, second, fraction) = (number(11, 2), number(14, 2), number(17, 2), number(20, 3))
        guard isNumeric, (1...12).contains(month), day >= 1, day <= daysInMonth(month, of: year), hour < 24,
            minute < 60,
            second < 60
        else { return nil }
        return days(year, month, day) * millisecondsPerDay + ((hour * 60 + minute) * 60 + second) * 1000 + fraction
    }

    private static func daysInMonth(_ month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01. A year is counted from March, so that the leap day is its last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Writes the text, at most 36 bytes, and gives its length. Years beyond 9999 take the digits they need.
    static func write(_ milliseconds: Int64, to target: UnsafeMutablePointer<UInt8>) -> Int {
        var (days, time) = milliseconds.quotientAndRemainder(dividingBy: millisecondsPerDay)
        if time < 0 { (days, time) = (days - 1, time + millisecondsPerDay) }
        let date = date(days)
        var position = 0
        func put(_ value: Int64, _ width: Int, _ separator: Unicode.Scalar) {
            var rest = value
            for index in stride(from: width - 1, through: 0, by: -1) {
                target[position + index] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            position += width
            target[position] = UInt8(ascii: separator)
            position += 1
        }
        if date.year < 0 {
            target[0] = UInt8(ascii: "-")
            position = 1
        }
        var yearWidth = 4
        var bound: Int64 = 10_000
        while abs(date.year) >= bound {
            bound *= 10
            yearWidth += 1
        }
        put(abs(date.year), yearWidth, "-")
        put(date.month, 2, "-")
        put(date.day, 2, "T")
        put(time / 3_600_000, 2, ":")
        put(time / 60_000 % 60, 2, ":")
        put(time / 1000 % 60, 2, ".")
        put(time % 1000, 3, "Z")
        return position
    }
}
