/// Figures that fit into narrow columns.
enum FigureText {
    /// A count or rate: `7`, `12.3`, `950`, `1.2k`, `35k`, `1.2M`; a dash where it is not known.
    static func count(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "-" }
        var size = abs(value)
        if size < 99.95 { return (value < 0 ? "-" : "") + oneDecimal(size) }
        var units = ["", "k", "M", "G", "T", "P", "E"][...]
        while size >= 999.5, units.count > 1 {
            size /= 1000
            units.removeFirst()
        }
        guard size < 1e6 else { return "\(value)" }
        let unit = units[units.startIndex]
        let digits = size < 9.95 ? oneDecimal(size) : String(Int64(size.rounded()))
        return (value < 0 ? "-" : "") + digits + unit
    }

    static func count(_ value: Int64?) -> String { count(value.map { Double($0) }) }

    /// How fast a count changes: `+1.2k/s`, `-50/s`, `0/s`.
    static func change(_ perSecond: Double?) -> String {
        guard let perSecond, perSecond.isFinite else { return "-" }
        return (perSecond >= 0.05 ? "+" : "") + count(abs(perSecond) < 0.05 ? 0 : perSecond) + "/s"
    }

    /// A size in steps of 1,000: `512B`, `1.5kB`.
    static func bytes(_ value: Int64?) -> String { value == nil ? "-" : count(value) + "B" }

    /// A length of time in at most six columns: `250ms`, `16.6s`, `4m30s`, `2h05m`, `3d04h`, `412d`.
    static func duration(_ seconds: Double?) -> String {
        guard let seconds, seconds.isFinite else { return "-" }
        let sign = seconds < 0 ? "-" : ""
        let size = abs(seconds)
        if size < 0.9995 { return sign + "\(Int64((size * 1000).rounded()))ms" }
        if size < 59.95 { return sign + oneDecimal(size) + "s" }
        guard size < 1e15 else { return sign + "ever" }
        let whole = Int64(size.rounded())
        if whole < 3600 { return sign + "\(whole / 60)m\(twoDigits(whole % 60))s" }
        if whole < 86_400 { return sign + "\(whole / 3600)h\(twoDigits(whole % 3600 / 60))m" }
        if whole < 8_640_000 { return sign + "\(whole / 86_400)d\(twoDigits(whole % 86_400 / 3600))h" }
        return sign + "\(whole / 86_400)d"
    }

    /// A share of 1: `48 %`.
    static func percent(_ share: Double?) -> String {
        guard let share, share.isFinite, abs(share) < 1e13 else { return "-" }
        return "\(Int64((share * 100).rounded())) %"
    }

    private static func oneDecimal(_ size: Double) -> String {
        let tenths = Int64((size * 10).rounded())
        return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(tenths % 10)"
    }

    private static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : String(value) }
}
