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
        guard query != "", let seconds = AlertNumber.duration(String(length)), seconds >= 0.001, seconds < 1e9 else {
            throw ValidationError("a trigger interval is a duration such as 5s or 500ms, or NAME=5s for one query")
        }
        interval = .milliseconds(Int64((seconds * 1000).rounded()))
    }
}

extension MonitorSettings {
    /// Takes what the command line says of intervals.
    mutating func take(_ options: [TriggerIntervalOption]) {
        for option in options {
            if let query = option.query {
                triggerIntervals[query] = option.interval
            } else {
                triggerInterval = option.interval
            }
        }
    }
}
