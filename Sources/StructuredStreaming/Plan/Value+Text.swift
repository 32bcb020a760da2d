extension Value {
    /// The value as Spark shows it: `NULL`, `1.5`, `1.0E10`, `2024-01-01`, `2024-01-01 00:00:00.5` (UTC).
    public func text(as type: DataType) -> String {
        switch self {
        case .null: "NULL"
        case .boolean(let value): value ? "true" : "false"
        case .long(let value): String(value)
        case .double(let value): type == .float ? SparkText.float(Float(value)) : SparkText.double(value)
        case .string(let value): value
        case .binary(let bytes): "[" + bytes.map(SparkText.hex).joined(separator: " ") + "]"
        case .date(let days): SparkText.date(days)
        case .timestamp(let microseconds): SparkText.timestamp(microseconds)
        }
    }
}

/// How Spark (that is, the Java library) writes values as text.
public enum SparkText {
    /// A double: `1.0`, `1.0E10`, `1.0E-4`, `NaN`, `-Infinity`.
    public static func double(_ value: Double) -> String {
        scientific(value.description, isNaN: value.isNaN, isInfinite: value.isInfinite, magnitude: value.magnitude)
    }

    /// A float, with the digits that tell it from other floats.
    public static func float(_ value: Float) -> String {
        scientific(
            value.description, isNaN: value.isNaN, isInfinite: value.isInfinite, magnitude: Double(value.magnitude))
    }

    /// A byte as two upper-case digits.
    public static func hex(_ byte: UInt8) -> String {
        let digits = Array("0123456789ABCDEF")
        return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
    }

    /// Days since 1970-01-01 as `yyyy-MM-dd`.
    public static func date(_ days: Int64) -> String {
        let (year, month, day) = civil(days)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// Microseconds since 1970 as `yyyy-MM-dd HH:mm:ss[.ffffff]` in UTC, without trailing zeros.
    public static func timestamp(_ microseconds: Int64) -> String {
        let perDay: Int64 = 86_400_000_000
        let days = floorDivide(microseconds, perDay)
        let rest = microseconds &- days &* perDay
        let seconds = rest / 1_000_000
        var result = date(days) + " "
        result += "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        var fraction = padded(rest % 1_000_000, 6)
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return fraction.isEmpty ? result : result + "." + fraction
    }

    /// Java switches to an exponent at 10^7 and below 10^-3, and always writes a fraction; the digits are the same
    /// shortest ones that Swift writes.
    private static func scientific(
        _ description: String, isNaN: Bool, isInfinite: Bool, magnitude: Double
    ) -> String {
        if isNaN { return "NaN" }
        if isInfinite { return description.hasPrefix("-") ? "-Infinity" : "Infinity" }
        let (negative, digits, exponent) = decompose(description)
        let sign = negative ? "-" : ""
        if magnitude == 0 { return sign + "0.0" }
        if magnitude >= 1e-3, magnitude < 1e7 {
            return sign + plain(digits, exponent)
        }
        let tail = digits.count > 1 ? String(digits.dropFirst()) : "0"
        return "\(sign)\(digits.first ?? "0").\(tail)E\(exponent)"
    }

    /// Significant digits without leading or trailing zeros, and the power of ten of the first.
    private static func decompose(_ description: String) -> (negative: Bool, digits: String, exponent: Int) {
        let negative = description.hasPrefix("-")
        let parts = (negative ? description.dropFirst() : description[...]).split(separator: "e")
        var mantissa = parts[0]
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let pointOffset = mantissa.firstIndex(of: ".").map { mantissa.distance(from: mantissa.startIndex, to: $0) }
        exponent += (pointOffset ?? mantissa.count) - 1
        mantissa.removeAll { $0 == "." }
        while mantissa.count > 1, mantissa.first == "0" {
            mantissa.removeFirst()
            exponent -= 1
        }
        while mantissa.count > 1, mantissa.last == "0" { mantissa.removeLast() }
        return (negative, String(mantissa), exponent)
    }

    private static func plain(_ digits: String, _ exponent: Int) -> String {
        if exponent < 0 { return "0." + String(repeating: "0", count: -exponent - 1) + digits }
        let whole = digits.prefix(exponent + 1)
        let zeros = String(repeating: "0", count: max(0, exponent + 1 - digits.count))
        let fraction = digits.dropFirst(exponent + 1)
        return whole + zeros + "." + (fraction.isEmpty ? "0" : fraction)
    }

    /// Year, month and day of days since 1970-01-01, in the proleptic Gregorian calendar.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Eras of 400 years, years starting in March, so that the leap day is the last of its year.
        let shifted = days &+ 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted &- era &* 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra &+ era &* 400 &+ (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    /// The quotient rounded down; the divisor is positive.
    package static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number.magnitude)
        let zeros = String(repeating: "0", count: max(0, width - digits.count))
        return (number < 0 ? "-" : "") + zeros + digits
    }
}
