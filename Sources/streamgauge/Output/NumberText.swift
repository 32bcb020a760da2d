/// Numbers for people.
enum NumberText {
    /// A rate with one digit after the point; a dash where there is none, such as for the first trigger.
    static func rate(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "-" }
        guard abs(value) < 1e15 else { return "\(value)" }
        let tenths = Int64((value * 10).rounded())
        let sign = tenths < 0 ? "-" : ""
        return "\(sign)\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
    }

    /// An integer; a dash where there is none.
    static func integer(_ value: Int64?) -> String { value.map(String.init) ?? "-" }

    /// A count and its noun: `1 row`, `2 rows`.
    static func count(_ value: some BinaryInteger, _ noun: String) -> String {
        "\(value) \(noun)\(value == 1 ? "" : "s")"
    }
}
