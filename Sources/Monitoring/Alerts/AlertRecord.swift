/// An alert as the evaluator keeps it.
///
/// Lengths of time are counted and not taken from the calendar, so neither a clock that is set nor a monitor that was off makes an
/// alert fire or resolve.
struct AlertRecord: Sendable, Hashable, Codable {
    /// What the channels were told last.
    enum Told: String, Sendable, Hashable, Codable { case nothing, firing, resolved }

    var alert: Alert
    /// The labels of the series, without the rule's.
    var series: [MetricLabel]
    /// All labels, in the order of their names.
    var labels: [MetricLabel]
    /// How long the expression has held, while pending.
    var heldMilliseconds: Int64 = 0
    /// How long it has not held, while firing; nil while it holds.
    var clearMilliseconds: Int64?
    /// How long there have been no data; nil while there are.
    var missingMilliseconds: Int64?
    /// How long it has been resolved.
    var resolvedMilliseconds: Int64 = 0
    /// How old the texts are.
    var renderedMilliseconds: Int64 = 0
    var told = Told.nothing
    /// It comes from before a restart, or from before its rule's windows began anew, and its series has not been found since.
    var isRestored = false

    var isActive: Bool { alert.state != .resolved }

    /// Moves its times with a clock that was set back.
    mutating func move(by milliseconds: Int64) {
        func moved(_ time: MonitorTime) -> MonitorTime {
            MonitorTime(millisecondsSinceEpoch: time.millisecondsSinceEpoch.addingSaturated(milliseconds))
        }
        alert.activeAt = moved(alert.activeAt)
        alert.firedAt = alert.firedAt.map(moved)
        alert.resolvedAt = alert.resolvedAt.map(moved)
    }
}

/// What an evaluator knows beyond its rules: write it down before a restart, and begin with it afterwards.
///
/// Alerts that had fired go on firing without a new notice; what has resolved meanwhile is told once, as soon as the data say so.
public struct AlertEvaluatorState: Sendable, Hashable, Codable {
    struct Entry: Sendable, Hashable, Codable {
        var group: String
        var rule: String
        var record: AlertRecord
    }

    /// The form that this version writes, and the only one that it reads.
    public static let currentVersion = 1

    /// The form it is written in.
    public private(set) var version = currentVersion
    var alerts: [Entry]
    var groups: [AlertNotifier.Group]

    /// Alerts that had fired or were about to.
    public var count: Int { alerts.count }
}

/// What an evaluator takes for normal.
public struct AlertSettings: Sendable, Hashable {
    /// How long an alert from before a restart is kept while its series has not come back. The time in which a feed is away does not
    /// count; one whose rule looks back over a window is kept until that has been seen as a whole, and one of a query that is known by
    /// old events only until that is heard again or its silence is judged.
    public var restoreGrace: Duration = .seconds(600)
    /// How long a resolved alert is shown.
    public var resolvedRetention: Duration = .seconds(900)
    /// Resolved alerts that are shown at most.
    public var maximumResolved = 1000
    /// A longer time between two evaluations says that the watcher slept: it is not counted, and windows begin anew. Nil counts all.
    public var longestPause: Duration? = .seconds(600)
    /// How old the texts of a firing alert may become.
    public var textAge: Duration = .seconds(15)

    /// The defaults.
    public init() {}
}
