/// A fixed distance from UTC.
struct ZoneOffset: Sendable, Hashable {
    /// Seconds east of Greenwich.
    var seconds: Int

    /// UTC.
    static let utc = ZoneOffset(seconds: 0)

    /// Reads `Z`, `UTC`, `GMT`, `UT`, `+2`, `+02`, `+0230`, `+02:30`, `+02:30:15`, and an offset after one of the names.
    ///
    /// Nil for anything else, regions such as `Europe/Berlin` included, and for more than 18 hours.
    init?(_ text: some StringProtocol) {
        var rest = Array(text.utf8)[...]
        for name in ["UTC", "GMT", "UT", "Z"] where rest.starts(with: name.utf8) {
            rest = rest.dropFirst(name.utf8.count)
            if rest.isEmpty {
                seconds = 0
                return
            }
            if name == "Z" { return nil }
            break
        }
        guard let sign = rest.popFirst(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        guard let parts = Self.hoursMinutesSeconds(rest), parts[0] <= 18, parts[1] <= 59, parts[2] <= 59 else {
            return nil
        }
        let total = parts[0] * 3600 + parts[1] * 60 + parts[2]
        guard total <= 18 * 3600 else { return nil }
        seconds = sign == UInt8(ascii: "-") ? -total : total
    }

    /// An offset of some seconds.
    init(seconds: Int) { self.seconds = seconds }

    /// `Z` or `+02:00`, as Spark writes a zone after a time.
    var isoText: String {
        if seconds == 0 { return "Z" }
        let size = abs(seconds)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let tail = size % 60 == 0 ? "" : ":" + two(size % 60)
        return (seconds < 0 ? "-" : "+") + two(size / 3600) + ":" + two(size / 60 % 60) + tail
    }

    private static func hoursMinutesSeconds(_ text: ArraySlice<UInt8>) -> [Int]? {
        var parts: [Int] = []
        if text.contains(UInt8(ascii: ":")) {
            for part in text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
                guard let number = digits(part) else { return nil }
                parts.append(number)
            }
            guard parts.count <= 3 else { return nil }
        } else {
            guard [1, 2, 4, 6].contains(text.count) else { return nil }
            var rest = text
            while !rest.isEmpty {
                guard let number = digits(rest.prefix(2)) else { return nil }
                parts.append(number)
                rest = rest.dropFirst(2)
            }
        }
        return parts + [Int](repeating: 0, count: 3 - parts.count)
    }

    private static func digits(_ text: ArraySlice<UInt8>) -> Int? {
        guard (1...2).contains(text.count), text.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return text.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
}
