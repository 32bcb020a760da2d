package import Monitoring
import StreamingMetrics

/// Notices that the rules of a replay are judged for long between two events, to be said once: a recording with an event in a far future
/// and a rule that may change at any moment would else look as if the program hung.
package struct LongStretch {
    private let limit: Duration
    /// When the rules were first judged since the last event.
    private var begun: ContinuousClock.Instant?
    private var isTold = false

    /// - Parameter limit: What is long, in real time.
    package init(limit: Duration = .seconds(10)) { self.limit = limit }

    /// Says that an event has come.
    package mutating func end() { begun = nil }

    /// What to say after a moment was judged; nil mostly.
    ///
    /// - Parameters:
    ///   - time: The next event's time, or the end.
    ///   - restless: Gives the rules for which no moment can be left out.
    package mutating func remark(before time: MonitorTime, _ restless: () -> [String]) -> String? {
        if isTold { return nil }
        guard let begun else {
            begun = .now
            return nil
        }
        guard begun.duration(to: .now) > limit else { return nil }
        isTold = true
        let rules = restless()
        let said = "note: the rules are judged at each moment up to \(time.text), which takes long"
        if rules.isEmpty { return said + ": leave what comes then out if its time is wrong" }
        let names = rules.prefix(3).joined(separator: ", ") + (rules.count > 3 ? " and others" : "")
        return said + ", because of \(names): leave such a rule out, or what comes then if its time is wrong"
    }
}

extension MonitorTime {
    fileprivate var text: String { "\(ProgressTimestamp(millisecondsSinceEpoch: millisecondsSinceEpoch))" }
}
