/// The even moments at which a replay judges its rules, without those at which nothing can change.
///
/// ```swift
/// while let at = pace.next(before: event.time) {
///     judge(at)
///     pace.leaveOut(after: at, before: event.time, fleet, &evaluator)
/// }
/// ```
///
/// One damaged timestamp of the year 9999 would else be judged up to second by second, and so would a gap of years. Moments are left out
/// only where going through all of them would have given the very same: see ``AlertEvaluator/isAtRest`` and ``TimeDependence``.
public struct AlertPace: Sendable {
    /// Milliseconds from one moment to the next.
    private let step: Int64
    private var next: MonitorTime?
    /// When the last event came, or the last query was forgotten.
    private var calmSince: MonitorTime?
    private var expired: UInt64 = 0
    /// Not worth trying before.
    private var nextTry: MonitorTime?
    /// What expressions have found at a moment since when nothing has changed.
    private var seen: (at: MonitorTime, outcomes: [Int])?

    /// A shorter time is gone through.
    private static let worthwhile: Int64 = 3_600_000
    /// Where there was no rest, so long until the next look for it.
    private static let patience = Duration.seconds(900)

    /// Even moments from the first event on.
    ///
    /// - Parameter interval: At least a millisecond.
    public init(interval: Duration) { step = max(1, interval.wholeMilliseconds) }

    /// The next moment before the time of an event, which comes once there is none.
    public mutating func next(before time: MonitorTime) -> MonitorTime? {
        let at = next ?? time
        guard at < time else {
            (next, calmSince) = (at, max(calmSince ?? time, time))
            return nil
        }
        next = MonitorTime(millisecondsSinceEpoch: at.millisecondsSinceEpoch.addingSaturated(step))
        return at
    }

    /// Leaves out moments that would change nothing.
    ///
    /// - Parameters:
    ///   - at: The moment that was judged last.
    ///   - time: When the next event comes.
    ///   - fleet: All that rules are judged on.
    ///   - evaluator: The rules, as they are after that moment.
    public mutating func leaveOut(
        after at: MonitorTime, before time: MonitorTime, _ fleet: QueryFleet, _ evaluator: inout AlertEvaluator
    ) {
        if fleet.expired != expired { (expired, calmSince) = (fleet.expired, at) }
        guard time.milliseconds(since: at) >= Self.worthwhile, at >= nextTry ?? at else { return }
        guard let end = restEnd(at, time, fleet, evaluator) else { return nextTry = at + Self.patience }
        evaluator.leaveOut(until: end)
        next = MonitorTime(millisecondsSinceEpoch: end.millisecondsSinceEpoch.addingSaturated(step))
    }

    /// The last moment up to which nothing changes; nil where there is none.
    private mutating func restEnd(
        _ at: MonitorTime, _ time: MonitorTime, _ fleet: QueryFleet, _ evaluator: AlertEvaluator
    ) -> MonitorTime? {
        guard let since = calmSince, let calm = fleet.calm(at: at), evaluator.isAtRest,
            let period = evaluator.period(step),
            at.milliseconds(since: max(calm.since ?? since, since)) > evaluator.memory(step),
            let outcomes = evaluator.outcomes(of: evaluator.input(of: fleet, at: at))
        else {
            seen = nil
            return nil
        }
        // Rules that are judged now and then only may not have found it yet.
        guard let seen, seen.outcomes == outcomes, at.milliseconds(since: seen.at) > evaluator.pause(step) else {
            if seen?.outcomes != outcomes { seen = (at, outcomes) }
            return nil
        }
        // Values and texts are those of the last look before a change: all looks from one writing of texts to the next come before it.
        let margin = evaluator.texts(step).addingSaturated(evaluator.pause(step)).addingSaturated(2 * step)
        let change = min(time, calm.until ?? time)
        var count = change.milliseconds(since: at).subtractingSaturated(margin) / period
        while count > 0 {
            let end = MonitorTime(millisecondsSinceEpoch: at.millisecondsSinceEpoch + count * period)
            let ahead = MonitorTime(millisecondsSinceEpoch: end.millisecondsSinceEpoch.addingSaturated(margin))
            if evaluator.outcomes(of: evaluator.input(of: fleet, at: ahead)) == outcomes { return end }
            count /= 2
        }
        return nil
    }
}

extension MonitorTime {
    fileprivate func milliseconds(since other: MonitorTime) -> Int64 {
        millisecondsSinceEpoch.subtractingSaturated(other.millisecondsSinceEpoch)
    }
}
