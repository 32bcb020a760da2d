/// Numbers in sentences: one decimal, the unit that fits, no locale.
enum Figures {
    /// With one decimal, which is left out where it is 0; `-` for what is no number.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        guard abs(value) < 1e15 else { return "\(value)" }
        let tenths = Int64((abs(value) * 10).rounded())
        let sign = value < 0 && tenths != 0 ? "-" : ""
        let whole = grouped(tenths / 10)
        return tenths % 10 == 0 ? sign + whole : "\(sign)\(whole).\(tenths % 10)"
    }

    /// A count, with a comma between thousands.
    static func count(_ value: Int64) -> String { (value < 0 ? "-" : "") + grouped(value.magnitude) }

    /// A length of time: `250 ms`, `16.6 s`, `4 min 30 s`, `2 h 5 min`, `3 d 4 h`.
    static func duration(milliseconds: Int64) -> String {
        let size = milliseconds.magnitude
        let sign = milliseconds < 0 ? "-" : ""
        if size < 1000 { return "\(milliseconds) ms" }
        if size < 60_000 { return sign + number(Double(size) / 1000) + " s" }
        let seconds = size / 1000
        if seconds < 3600 { return sign + pair(seconds / 60, "min", seconds % 60, "s") }
        if seconds < 86_400 { return sign + pair(seconds / 3600, "h", seconds % 3600 / 60, "min") }
        return sign + pair(seconds / 86_400, "d", seconds % 86_400 / 3600, "h")
    }

    /// A length of time in seconds; what is no number or too large for the range is the range's end.
    static func duration(seconds: Double) -> String {
        guard seconds.isFinite else { return "-" }
        return duration(milliseconds: Int64(exactly: (seconds * 1000).rounded()) ?? (seconds < 0 ? .min : .max))
    }

    /// A share of 1 as a percentage without decimals.
    static func percent(_ share: Double) -> String { number((share * 100).rounded()) + " %" }

    /// A size: `512 B`, `1.5 KB`, `20 MB`, in steps of 1,000.
    static func bytes(_ value: Double) -> String {
        var size = abs(value)
        var units = ["B", "KB", "MB", "GB", "TB", "PB"][...]
        while size >= 1000, units.count > 1 {
            size /= 1000
            units.removeFirst()
        }
        return (value < 0 ? "-" : "") + number(size) + " " + units[units.startIndex]
    }

    private static func pair(_ large: UInt64, _ largeUnit: String, _ small: UInt64, _ smallUnit: String) -> String {
        small == 0 ? "\(large) \(largeUnit)" : "\(large) \(largeUnit) \(small) \(smallUnit)"
    }

    private static func grouped(_ value: some BinaryInteger) -> String {
        let digits = Array(String(value))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }
}

extension Double {
    /// The value, where it is a number.
    var ifFinite: Double? { isFinite ? self : nil }

    /// The quotient, where both are numbers and the divisor is above 0.
    static func ratio(_ value: Double, _ divisor: Double) -> Double? {
        divisor > 0 ? (value / divisor).ifFinite : nil
    }
}
