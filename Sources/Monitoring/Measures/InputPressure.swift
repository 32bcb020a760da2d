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
    /// what has come during the one before, so that with too little power they grow without end, while others only vary. So often as they
    /// vary, some of them come to be twice as long as a short one; hence they must be longer than the longest of many batches before.
    private static let neededGrowth = 2.0
    /// The longest of the batches, of which a share is forgotten with each; and the same before those in a row that did not keep up.
    private var (longest, longestBefore) = (0.0, 0.0)
    private static let forgotten = 1.0 / 256

    /// A query that rests for more than three fifths of the time keeps up, however long its few batches take: they start when there is
    /// something to read. Where a backlog is known it must rest for four fifths, and it does not keep up where a limit lets it rest while
    /// that grows.
    private static let (leastBusy, leastBusyWithBacklog) = (0.4, 0.2)

    /// Notes a batch.
    ///
    /// - Parameters:
    ///   - reason: Why it did not keep up; nil when it did.
    ///   - start: When its trigger started, in milliseconds.
    ///   - duration: How long it took.
    ///   - growth: How many times longer it took than the time since the one before, where that is all the reason; else nil.
    ///   - busyRatio: Which part of the time the last batches have taken.
    ///   - isBacklog: Whether a backlog is known that is not worked off.
    ///   - isRising: Whether a backlog has grown for long, which is reason enough for a query that rests.
    mutating func add(
        reason: String?, start: Int64, duration: Int64, growth: Double?, busyRatio: Double, isBacklog: Bool,
        isRising: Bool, _ settings: MonitorSettings
    ) {
        let before = longest
        longest = max(Double(duration), longest * (1 - Self.forgotten))
        guard let reason else {
            calm += 1
            if pressure != .sustained || calm >= max(1, settings.calmBatches) { reset() }
            return
        }
        calm = 0
        if batches == 0 { longestBefore = before }
        if batches == 0 || start < since { since = start }
        batches += 1
        self.growth = growth.map { self.growth * $0 } ?? .infinity
        let length = start.addingSaturated(duration).subtractingSaturated(since)
        self.reason = reason
        if batches > 1 {
            self.reason = "\(reason); \(batches) batches in \(Figures.duration(milliseconds: length)) did not keep up"
        }
        if pressure == .sustained { return }
        let isLong = batches >= max(1, settings.behindBatches) && length >= settings.behindFor.nonNegativeMilliseconds
        let least = isBacklog ? Self.leastBusyWithBacklog : Self.leastBusy
        let isBusy = isRising || busyRatio >= least
        pressure = isLong && isBusy && hasGrown(to: duration) ? .sustained : .momentary
    }

    private func hasGrown(to duration: Int64) -> Bool {
        growth == .infinity || (growth >= Self.neededGrowth && Double(duration) >= longestBefore * Self.neededGrowth)
    }

    /// There is nothing to do. How long batches were is kept.
    mutating func reset() {
        let longest = longest
        self = PressureTracker()
        self.longest = longest
    }
}
