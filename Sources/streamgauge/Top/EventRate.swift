/// How many events come in a second, over the last few seconds.
struct EventRate: Sendable {
    private static let span = 5.0

    private var samples: [(count: UInt64, seconds: Double)] = []

    /// Notes a count.
    ///
    /// - Parameters:
    ///   - count: Events so far.
    ///   - seconds: When, by a clock that only goes forward.
    mutating func add(_ count: UInt64, at seconds: Double) {
        if let last = samples.last, last.count > count || last.seconds > seconds { samples.removeAll() }
        samples.append((count, seconds))
        while samples.count > 2, samples[1].seconds <= seconds - Self.span { samples.removeFirst() }
    }

    /// Events a second; nil until two counts are known.
    var perSecond: Double? {
        guard let first = samples.first, let last = samples.last, last.seconds > first.seconds else { return nil }
        return Double(last.count - first.count) / (last.seconds - first.seconds)
    }

}
