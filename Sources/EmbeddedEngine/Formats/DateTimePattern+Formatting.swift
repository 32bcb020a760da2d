import StreamingMetrics

extension DateTimePattern {
    /// `2024-01-01T00:00:00.000Z`, as Spark writes timestamps where no pattern is given: milliseconds, the rest cut off.
    static let isoTimestamp = DateTimePattern(
        "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", elements: isoTimestampNTZ.elements + [.field("X", count: 3)])
    /// `2024-01-01T00:00:00.000`.
    static let isoTimestampNTZ = DateTimePattern(
        "yyyy-MM-dd'T'HH:mm:ss.SSS",
        elements: isoDate.elements + [
            .literal([UInt8(ascii: "T")]), .field("H", count: 2), .literal([UInt8(ascii: ":")]), .field("m", count: 2),
            .literal([UInt8(ascii: ":")]), .field("s", count: 2), .literal([UInt8(ascii: ".")]), .field("S", count: 3),
        ])
    /// `2024-01-01`.
    static let isoDate = DateTimePattern(
        "yyyy-MM-dd",
        elements: [
            .field("y", count: 4), .literal([UInt8(ascii: "-")]), .field("M", count: 2), .literal([UInt8(ascii: "-")]),
            .field("d", count: 2),
        ])

    /// Writes microseconds since 1970 as the time they are in a zone.
    func write(micros: Int64, zone: ZoneOffset, to writer: inout JSONWriter) {
        let (shifted, overflow) = micros.addingReportingOverflow(Int64(zone.seconds) * 1_000_000)
        let local = overflow ? micros : shifted
        var (days, time) = local.quotientAndRemainder(dividingBy: 86_400_000_000)
        if time < 0 { (days, time) = (days - 1, time + 86_400_000_000) }
        let date = CivilDate.date(days: Int(days))
        write(elements, date, Int(time), zone, to: &writer)
    }

    private func write(
        _ elements: [Element], _ date: (year: Int, month: Int, day: Int), _ time: Int, _ zone: ZoneOffset,
        to writer: inout JSONWriter
    ) {
        for element in elements {
            switch element {
            case .literal(let bytes): bytes.withUnsafeBufferPointer { writer.raw($0) }
            case .optional(let inner): write(inner, date, time, zone, to: &writer)
            case .field("y", let count): Self.writeYear(date.year, count, to: &writer)
            case .field("M", let count): Self.writeNumber(date.month, count, to: &writer)
            case .field("d", let count): Self.writeNumber(date.day, count, to: &writer)
            case .field("H", let count): Self.writeNumber(time / 3_600_000_000, count, to: &writer)
            case .field("m", let count): Self.writeNumber(time / 60_000_000 % 60, count, to: &writer)
            case .field("s", let count): Self.writeNumber(time / 1_000_000 % 60, count, to: &writer)
            case .field("S", let count): Self.writeFraction(time % 1_000_000, count, to: &writer)
            case .field(let letter, let count): Self.writeZone(zone, letter, count, to: &writer)
            }
        }
    }

    /// Years past 9999 carry a sign, as in Java.
    private static func writeYear(_ year: Int, _ count: Int, to writer: inout JSONWriter) {
        if year < 0 { writer.byte(UInt8(ascii: "-")) }
        if year > 9999, count == 4 { writer.byte(UInt8(ascii: "+")) }
        writeNumber(abs(year), count, to: &writer)
    }

    private static func writeFraction(_ micros: Int, _ count: Int, to writer: inout JSONWriter) {
        var value = micros
        for _ in min(count, 6)..<6 { value /= 10 }
        writeNumber(value, min(count, 6), to: &writer)
        for _ in 6..<max(count, 6) { writer.byte(UInt8(ascii: "0")) }
    }

    private static func writeZone(_ zone: ZoneOffset, _ letter: Character, _ count: Int, to writer: inout JSONWriter) {
        if letter == "X", zone.seconds == 0 { return writer.byte(UInt8(ascii: "Z")) }
        if letter == "V" { return zone.isoText.utf8.forEach { writer.byte($0) } }
        let minutes = abs(zone.seconds) / 60
        writer.byte(UInt8(ascii: zone.seconds < 0 ? "-" : "+"))
        writeNumber(minutes / 60, 2, to: &writer)
        if letter == "X", count == 1, minutes % 60 == 0 { return }
        if letter == "X", count == 3 { writer.byte(UInt8(ascii: ":")) }
        writeNumber(minutes % 60, 2, to: &writer)
    }

    /// Writes a number with at least so many digits.
    private static func writeNumber(_ number: Int, _ count: Int, to writer: inout JSONWriter) {
        var limit = 1
        for _ in 1..<max(count, 1) {
            limit *= 10
        }
        while limit > 1, number < limit {
            writer.byte(UInt8(ascii: "0"))
            limit /= 10
        }
        writer.integer(Int64(number))
    }
}
