/// How a query's input compares with what it processes.
public enum InputPressure: String, Sendable, Hashable, Codable, CaseIterable {
    /// It keeps up.
    case none
    /// The last batch did not keep up, which a burst explains.
    case momentary
    /// Several batches in a row did not keep up, over ``MonitorSettings/behindFor``.
    case sustained
}

/// Judges one batch after another and tells a burst from falling behind.
struct PressureTracker: Sendable, Hashable {
    /// How the last batches compare.
    private(set) var pressure = InputPressure.none
    /// Batches in a row that did not keep up.
    private(set) var batches = 0
    /// Why, of the last one that did not; nil when the query keeps up.
    private(set) var reason: String?
    private var since: Int64 = 0
    private var calm = 0
    /// How many times longer batches have become in a row of which nothing else is known.
    private var growth = 1.0

    /// Where neither an interval nor a backlog says that a query does not keep up, batches must become so many times longer: each reads
    /// what has come during the one before, so that with too little power they grow without end, while others only vary.
    private static let neededGrowth = 2.0

    /// A query that rests for more than four fifths of the time keeps up, however long its few batches take, unless a limit lets it rest
    /// while its backlog grows.
    private static let leastBusy = 0.2
    /// Milliseconds of the batches in a row.
    private var work: Int64 = 0

    /// Notes a batch.
    ///
    /// - Parameters:
    ///   - reason: Why it did not keep up; nil when it did.
    ///   - start: When its trigger started, in milliseconds.
    ///   - duration: How long it took.
    ///   - growth: How many times longer it took than the time since the one before, where that is all the reason; else nil.
    ///   - isRising: Whether a backlog has grown for long, which is reason enough for a query that rests.
    mutating func add(
        reason: String?, start: Int64, duration: Int64, growth: Double?, isRising: Bool, _ settings: MonitorSettings
    ) {
        guard let reason else {
            calm += 1
            if pressure != .sustained || calm >= max(1, settings.calmBatches) { reset() }
            return
        }
        calm = 0
        if batches == 0 || start < since { since = start }
        batches += 1
        work = work.addingSaturated(duration)
        self.growth = growth.map { self.growth * $0 } ?? .infinity
        let length = start.addingSaturated(duration).subtractingSaturated(since)
        self.reason = reason
        if batches > 1 {
            self.reason = "\(reason); \(batches) batches in \(Figures.duration(milliseconds: length)) did not keep up"
        }
        if pressure == .sustained { return }
        let isLong = batches >= max(1, settings.behindBatches) && length >= settings.behindFor.nonNegativeMilliseconds
        let isBusy = isRising || Double(work) >= Double(length) * Self.leastBusy
        pressure = isLong && isBusy && self.growth >= Self.neededGrowth ? .sustained : .momentary
    }

    /// There is nothing to do, or another run.
    mutating func reset() { self = PressureTracker() }
}
