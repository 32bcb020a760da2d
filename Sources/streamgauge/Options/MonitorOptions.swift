import ArgumentParser
import Monitoring

/// The trigger interval of all queries, or of one: `5s`, `orders=5s`.
struct TriggerIntervalOption: Sendable {
    /// The query's name; nil for all.
    var query: String?
    var interval: Duration

    init(_ text: String) throws {
        // A name may have an equals sign of its own.
        let equals = text.lastIndex(of: "=")
        query = equals.map { String(text[..<$0]) }
        let length = equals.map { text[text.index(after: $0)...] } ?? text[...]
        guard query != "", let seconds = AlertNumber.duration(String(length)), seconds == 0 || seconds >= 0.001,
            seconds < 1e9
        else {
            throw ValidationError("a trigger interval is a duration such as 5s or 500ms, or NAME=5s for one query")
        }
        interval = .milliseconds(Int64((seconds * 1000).rounded()))
    }
}

/// What a monitor takes for normal of the queries that it watches.
struct MonitorOptions: ParsableArguments, Sendable {
    static let names = "--trigger-interval and --silence-is-stall"

    @Option(
        name: .customLong("trigger-interval"),
        help: ArgumentHelp(
            "The trigger interval of all queries (5s), or of one (orders=5s); 0s is the default trigger, which has none. May be "
                + "given several times. (default: found in the times of their triggers)", valueName: "duration"),
        transform: { try TriggerIntervalOption($0) })
    var triggerIntervals: [TriggerIntervalOption] = []

    @Flag(
        help: """
            A query that is silent for too long is stalled, and not unknown, also where its feed has never shown that it \
            carries a query's signs of life while it has no data. For listeners that send progress alone, with Spark 3.5 or \
            later, and queries that always have data.
            """)
    var silenceIsStall = false

    func validate() throws {
        var seen: Set<String?> = []
        for option in triggerIntervals where !seen.insert(option.query).inserted {
            let whose = option.query.map { "of \($0)" } ?? "of all queries"
            throw ValidationError("--trigger-interval is given twice for the interval \(whose): give one")
        }
    }

    /// Whether any of them says something.
    var areGiven: Bool { silenceIsStall || !triggerIntervals.isEmpty }

    /// Tells a monitor.
    func apply(to settings: inout MonitorSettings) {
        if silenceIsStall { settings.stallsWithoutIdleEvents = true }
        for option in triggerIntervals {
            if let query = option.query {
                settings.triggerIntervals[query] = option.interval
            } else {
                settings.triggerInterval = option.interval
            }
        }
    }
}
