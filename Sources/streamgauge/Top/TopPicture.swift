import LiveMonitoring
import Monitoring
import StreamingMetrics

/// What is known at one moment: all that a frame shows beside the view's own state.
struct TopPicture: Sendable {
    /// The moment, in the hub's time.
    var at: MonitorTime
    /// Whether it is a recording's.
    var isReplay = false
    /// Every query, in the order of titles.
    var rows: [QueryRow] = []
    var feeds: [FeedHealth] = []
    /// How many alerts fire, those about no query among them; nil where no rules are judged.
    var firing: Int?
    /// Events that all feeds give in a second; nil until that can be said.
    var eventsPerSecond: Double?
    /// What went wrong last, in the words of a feed.
    var remark: String?

    /// How many queries are in each state.
    var states: [QueryState: Int] { rows.reduce(into: [:]) { $0[$1.snapshot.state, default: 0] += 1 } }
}

extension MonitorTime {
    /// `10:21:45`, in UTC.
    var clockText: String { String(parts.time) }

    /// `2026-11-23 10:21:45`, in UTC.
    var secondText: String { "\(parts.date) \(parts.time)" }

    private var parts: (date: Substring, time: Substring) {
        let text = ProgressTimestamp(millisecondsSinceEpoch: millisecondsSinceEpoch).description
        let parts = text.split(separator: "T", maxSplits: 1)
        return (parts.first ?? "", parts.dropFirst().first?.prefix(8) ?? "")
    }
}
