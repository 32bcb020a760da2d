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

    /// Notes a batch.
    ///
    /// - Parameters:
    ///   - reason: Why it did not keep up; nil when it did.
    ///   - start: When its trigger started, in milliseconds.
    ///   - end: When it ended.
    mutating func add(reason: String?, start: Int64, end: Int64, _ settings: MonitorSettings) {
        guard let reason else {
            calm += 1
            if pressure != .sustained || calm >= max(1, settings.calmBatches) { reset() }
            return
        }
        calm = 0
        if batches == 0 || start < since { since = start }
        batches += 1
        let length = end.subtractingSaturated(since)
        self.reason = reason
        if batches > 1 {
            self.reason = "\(reason); \(batches) batches in \(Figures.duration(milliseconds: length)) did not keep up"
        }
        if pressure == .sustained { return }
        let isLong = batches >= max(1, settings.behindBatches) && length >= settings.behindFor.nonNegativeMilliseconds
        pressure = isLong ? .sustained : .momentary
    }

    /// There is nothing to do, or another run.
    mutating func reset() { self = PressureTracker() }
}
