import Foundation

/// How a number is written in a text, as Prometheus writes it.
struct AlertNumberFormat: Sendable, Hashable {
    private enum Kind: Sendable, Hashable {
        case fixed(Int), scientific(Int), short(Int?), whole, plain
    }

    private let before: String
    private let after: String
    private let kind: Kind

    /// Reads a format such as `%.1f s`; nil where it is not understood or has not exactly one place.
    init?(_ format: String) {
        guard let start = format.firstIndex(of: "%"),
            let end = format[start...].firstIndex(where: { "feEgdsvG%".contains($0) && $0 != "%" })
        else { return nil }
        let digits = format[format.index(after: start)..<end]
        let precision = digits.isEmpty ? nil : Int(digits.dropFirst())
        guard digits.isEmpty || (digits.first == "." && (precision.map { $0 <= 20 } ?? false)),
            !format[format.index(after: end)...].contains("%")
        else { return nil }
        before = String(format[..<start])
        after = String(format[format.index(after: end)...])
        switch format[end] {
        case "f": kind = .fixed(precision ?? 6)
        case "e", "E": kind = .scientific(precision ?? 6)
        case "g", "G": kind = .short(precision)
        case "d": kind = .whole
        default: kind = .plain
        }
    }

    /// The number in this format; a text that is no number stands for itself.
    func text(of number: Double?, or text: String) -> String {
        guard let number else { return before + text + after }
        let middle =
            switch kind {
            case .fixed(let digits): String(format: "%.\(digits)f", number)
            case .scientific(let digits): String(format: "%.\(digits)e", number)
            case .short(let digits): digits.map { String(format: "%.\($0)g", number) } ?? Self.plain(number)
            case .whole: String(format: "%.0f", number)
            case .plain: Self.plain(number)
            }
        return before + middle + after
    }

    /// As few digits as tell it from all other numbers, with an exponent from a million on and below a ten-thousandth, as Go does.
    static func plain(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == 0 { return "0" }
        let sign = value < 0 ? "-" : ""
        let parts = abs(value).description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let shift = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        var digits = mantissa.joined()
        // The place of the point behind the first digit.
        var point = mantissa[0].count + shift
        while digits.first == "0", digits.count > 1 {
            digits.removeFirst()
            point -= 1
        }
        while digits.last == "0", digits.count > 1 { digits.removeLast() }
        let exponent = point - 1
        if exponent < -4 || exponent >= 6 {
            let rest = digits.dropFirst().isEmpty ? "" : "." + digits.dropFirst()
            let size = String(abs(exponent))
            return "\(sign)\(digits.prefix(1))\(rest)e\(exponent < 0 ? "-" : "+")\(size.count < 2 ? "0" + size : size)"
        }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if digits.count <= point { return sign + digits + String(repeating: "0", count: point - digits.count) }
        return "\(sign)\(digits.prefix(point)).\(digits.dropFirst(point))"
    }

    /// Four digits.
    static func significant(_ value: Double) -> String { String(format: "%.4g", value) }

    /// Four digits and a prefix of the SI.
    static func humanize(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return significant(value) }
        var value = value
        if abs(value) >= 1 {
            var prefix = ""
            for next in ["k", "M", "G", "T", "P", "E", "Z", "Y"] where abs(value) >= 1000 {
                prefix = next
                value /= 1000
            }
            return significant(value) + prefix
        }
        var prefix = ""
        for next in ["m", "u", "n", "p", "f", "a", "z", "y"] where abs(value) < 1 {
            prefix = next
            value *= 1000
        }
        return significant(value) + prefix
    }

    /// Four digits and a prefix of 1,024.
    static func humanize1024(_ value: Double) -> String {
        guard abs(value) > 1, value.isFinite else { return significant(value) }
        var value = value
        var prefix = ""
        for next in ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"] where abs(value) >= 1024 {
            prefix = next
            value /= 1024
        }
        return significant(value) + prefix
    }

    /// Days, hours, minutes and seconds; below a second four digits and a prefix.
    static func humanizeDuration(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return significant(value) }
        if value == 0 { return "0s" }
        guard abs(value) >= 1 else { return humanize(value) + "s" }
        let sign = value < 0 ? "-" : ""
        let whole = Int64(abs(value))
        let (days, hours, minutes, seconds) = (
            whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60
        )
        if days != 0 { return "\(sign)\(days)d \(hours)h \(minutes)m \(seconds)s" }
        if hours != 0 { return "\(sign)\(hours)h \(minutes)m \(seconds)s" }
        if minutes != 0 { return "\(sign)\(minutes)m \(seconds)s" }
        return sign + significant(abs(value)) + "s"
    }

    /// Seconds since 1970 as date and time.
    static func timestamp(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return significant(value) }
        let date = Date(timeIntervalSince1970: value)
        return date.formatted(
            Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day().dateTimeSeparator(.space).time(
                includingFractionalSeconds: false)) + " +0000 UTC"
    }
}
