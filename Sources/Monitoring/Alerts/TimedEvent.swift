public import StreamingMetrics

/// A recorded event with the time at which it can have come.
public struct TimedEvent: Sendable, Hashable {
    /// The event.
    public var event: StreamingQueryEvent
    /// When it can have come, by its own words and those before it.
    public var time: MonitorTime

    /// Describes one.
    public init(event: StreamingQueryEvent, time: MonitorTime) {
        self.event = event
        self.time = time
    }

    /// Recorded events in their order with their times: an event never comes before the one before it, and one without a time of
    /// its own comes with it.
    public static func timed(_ events: [StreamingQueryEvent]) -> [TimedEvent] {
        var last = events.lazy.compactMap(\.ownTime).first ?? MonitorTime(millisecondsSinceEpoch: 0)
        return events.map { event in
            last = max(last, event.ownTime ?? last)
            return TimedEvent(event: event, time: last)
        }
    }
}
