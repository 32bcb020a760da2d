import StreamingMetrics

/// When silence is too long.
///
/// A query that lives is heard: after each batch, and while it has no data every ``MonitorSettings/noDataInterval``, rounded up to
/// whole trigger intervals. So the longest normal silence is the longest of that, the trigger interval, and the longest batch of
/// late. Where no interval is known, the longest time between two triggers stands for it.
extension QueryMonitor {
    /// How long this query may be silent, and what it is then.
    struct SilenceLimit: Sendable, Hashable {
        var milliseconds: Int64
        var becomes: QueryState
        /// The longest normal time between two signs of life; nil where too little is known.
        var expected: Int64?
    }

    var silenceLimit: SilenceLimit? {
        guard let run, !run.isEnded, state != .stalled, state != .unknown else { return nil }
        let start = settings.startLimit.nonNegativeMilliseconds
        // Known to be none, it says nothing of how long a query may be silent.
        let given = settings.triggerInterval(ofQuery: name)?.nonNegativeMilliseconds.ifPositive
        let interval = given ?? run.estimate.milliseconds
        if run.triggers == 0 {
            return SilenceLimit(milliseconds: max(start, given ?? 0), becomes: .stalled, expected: nil)
        }
        guard given != nil || run.gaps >= 2 else {
            return SilenceLimit(milliseconds: start, becomes: .unknown, expected: nil)
        }
        let expected = max(noDataInterval(interval ?? 0), run.longestBatch, interval ?? run.longestGap)
        let factor = settings.silenceFactor.isFinite ? max(1, settings.silenceFactor) : 1
        let scaled = Int64(exactly: (Double(expected) * factor).rounded()) ?? .max
        return SilenceLimit(
            milliseconds: max(scaled, settings.minimumSilence.nonNegativeMilliseconds),
            becomes: hearsIdle || settings.stallsWithoutIdleEvents ? .stalled : .unknown, expected: expected)
    }

    /// How often a query without data is heard: the interval of Spark, at the next trigger.
    private func noDataInterval(_ trigger: Int64) -> Int64 {
        let noData = settings.noDataInterval.nonNegativeMilliseconds
        guard trigger > 0 else { return noData }
        let triggers = max(1, noData / trigger + (noData % trigger == 0 ? 0 : 1))
        let (length, overflow) = trigger.multipliedReportingOverflow(by: triggers)
        return overflow ? .max : length
    }

    /// When silence becomes too long if nothing comes; nil while the query has ended or silence says nothing new.
    public var silenceDeadline: MonitorTime? {
        guard let limit = silenceLimit, let heardAt else { return nil }
        let since = max(heardAt, watchedSince ?? heardAt)
        return MonitorTime(
            millisecondsSinceEpoch: since.millisecondsSinceEpoch.addingSaturated(limit.milliseconds))
    }

    mutating func noticeSilence(until now: MonitorTime) {
        guard let deadline = silenceDeadline, deadline < now, let limit = silenceLimit else { return }
        let length = Figures.duration(milliseconds: limit.milliseconds)
        let last = lastProgress?.batchId
        let running = last.map { "; the trigger after the one of batch \($0) has not ended" } ?? ""
        let reason: String
        if let expected = limit.expected {
            let normal = Figures.duration(milliseconds: expected)
            let doubt = hearsIdle ? running : QueryTransition.idleDoubt
            reason = "no event for more than \(length), where \(normal) is the longest normal time\(doubt)"
        } else if run?.triggers == 0 {
            reason = "no trigger has ended for more than \(length) after the start"
        } else {
            reason = "no event for more than \(length), and too few before to know what is normal"
        }
        change(to: limit.becomes, at: deadline, reason)
    }
}

extension QueryTransition {
    /// The end of the reason where an idle query of this feed would be as silent.
    fileprivate static let idleDoubt = "; this feed has shown no sign of an idle query, which may look the same"

    /// Whether a silence made the query unknown only because its feed has never shown that it carries the signs of life of a query without
    /// data. With ``MonitorSettings/stallsWithoutIdleEvents`` it would be stalled.
    public var mayBeIdle: Bool { to == .unknown && reason.hasSuffix(Self.idleDoubt) }
}

extension Int64 {
    fileprivate var ifPositive: Int64? { self > 0 ? self : nil }
}
