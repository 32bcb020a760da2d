import StreamingMetrics

/// Numbers as the answers of the API have them.
extension JSONWriter {
    /// A number without a sign.
    mutating func unsigned(_ value: UInt64) {
        if let value = Int64(exactly: value) { return integer(value) }
        text(String(value))
    }

    /// A number in the fewest digits that give it back, without a point where it is whole; null where JSON has no form for it.
    mutating func shortest(_ value: Double) {
        guard value.isFinite else { return literal("null") }
        if let whole = Self.whole(value) { return integer(whole) }
        text(value.description)
    }

    /// The same of a number that was kept in 32 bits; null for nil.
    mutating func narrow(_ value: Double?) {
        guard let value, Float(value).isFinite else { return literal("null") }
        if let whole = Self.whole(value) { return integer(whole) }
        text(Float(value).description)
    }

    /// A number in three digits where it is not too small for that: for lines that are a few pixels high. Null for nil.
    mutating func roughly(_ value: Double?) {
        guard let value, value.isFinite else { return literal("null") }
        let magnitude = value.magnitude
        guard magnitude >= 0.1, magnitude < 1e15 else { return narrow(value) }
        if magnitude >= 99.95 {
            var unit = 1.0
            while magnitude / unit >= 999.5 { unit *= 10 }
            return integer(Int64((value / unit).rounded()) * Int64(unit))
        }
        let decimals: Int64 = magnitude >= 9.995 ? 10 : magnitude >= 0.9995 ? 100 : 1000
        decimal(Int64((value * Double(decimals)).rounded()), decimals)
    }

    /// What a number of tenths, hundredths or thousandths is, without zeros at the end.
    private mutating func decimal(_ parts: Int64, _ unit: Int64) {
        if parts < 0 { byte(UInt8(ascii: "-")) }
        integer(Int64(parts.magnitude) / unit)
        var (rest, place) = (Int64(parts.magnitude) % unit, unit)
        guard rest > 0 else { return }
        byte(UInt8(ascii: "."))
        while rest > 0 {
            place /= 10
            byte(UInt8(ascii: "0") + UInt8(rest / place))
            rest %= place
        }
    }

    private static func whole(_ value: Double) -> Int64? {
        guard value.magnitude < Double(1 << 53) else { return nil }
        let whole = Int64(value)
        return Double(whole) == value ? whole : nil
    }

    private mutating func text(_ text: String) {
        var text = text
        text.withUTF8 { raw($0) }
    }
}
