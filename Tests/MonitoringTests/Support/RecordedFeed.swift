import Foundation
import Monitoring
import StreamingMetrics
import Testing

/// Events that real Sparks wrote.
enum RecordedFeed {
    /// The events of a fixture in their order.
    static func events(_ path: String) throws -> [StreamingQueryEvent] {
        let root = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures")
        let lines = try Data(contentsOf: root.appendingPathComponent(path)).split(separator: 0x0A)
        return try lines.map { try StreamingQueryEvent(json: [UInt8]($0)) }
    }

    /// Each event with the time at which it can have come; one without a time comes with the one before.
    static func timed(_ events: [StreamingQueryEvent]) -> [(event: StreamingQueryEvent, time: MonitorTime)] {
        var last = events.lazy.compactMap(\.ownTime).first ?? MonitorTime(millisecondsSinceEpoch: 0)
        return events.map { event in
            last = max(last, event.ownTime ?? last)
            return (event, last)
        }
    }

    /// The monitors of all queries after the events, in the order in which the queries came, and all changes of state.
    static func replay(
        _ events: [StreamingQueryEvent], settings: MonitorSettings = MonitorSettings()
    ) -> (monitors: [QueryMonitor], transitions: [QueryTransition]) {
        var monitors: [QueryMonitor] = []
        var transitions: [QueryTransition] = []
        for (event, time) in timed(events) {
            if !monitors.contains(where: { $0.id == event.id }) {
                monitors.append(QueryMonitor(id: event.id, settings: settings))
            }
            for index in monitors.indices { transitions += monitors[index].take(event, at: time) }
        }
        return (monitors, transitions)
    }

    /// The states of one query, one after another.
    static func states(_ events: [StreamingQueryEvent], of name: String) -> [QueryState] {
        let (monitors, transitions) = replay(events)
        let id = monitors.first { $0.name == name }?.id
        return transitions.filter { $0.id == id }.map(\.to)
    }
}
