import Monitoring
import StreamingMetrics

/// Recorded events from files: one JSON text a line, in any form that Spark or this library writes.
///
/// Several files are read as one, in the order of their events' times. What they say depends on nothing else: events come at their
/// own times (``StreamingMetrics/StreamingQueryEvent/ownTime``), and the hub's clock stands at the last one in the end.
public struct RecordingFeed: MonitoringFeed {
    /// What the feed's health is told under.
    public let name = "replay"
    /// The files.
    public let paths: [String]
    /// How much faster than it happened: 1 is as fast, 60 a minute in a second. Nil reads all at once.
    public let speed: Double?
    /// Gets a line for each line that holds no event.
    public var onRefusal: @Sendable (String) -> Void = { _ in }
    /// Gets a line for what a reader of the result should know, each once.
    public var onRemark: @Sendable (String) -> Void = { _ in }
    /// How long rules may be judged between two events before that is told.
    package var longStretch = Duration.seconds(10)

    /// The greatest ``speed``: ten days in a second. Whoever wants more wants all at once.
    public static let maximumSpeed = 1_000_000.0

    /// Checks that the files can be read. None is opened: what is written into a pipe is there for one reader.
    ///
    /// - Throws: ``MonitoringError`` that names the file, or the speed where it is no number above 0 or more than ``maximumSpeed``.
    public init(paths: [String], speed: Double? = nil) throws(MonitoringError) {
        if let speed, !(speed > 0 && speed <= Self.maximumSpeed) {
            throw MonitoringError(
                "cannot replay at speed \(speed)",
                hint: "give a number above 0 and not above \(Int(Self.maximumSpeed)), or none to read all at once")
        }
        for path in paths { _ = try RecordedSource(path) }
        self.paths = paths
        self.speed = speed
    }

    /// Reads the files to their ends.
    ///
    /// - Throws: ``MonitoringError`` when a file cannot be read on, and where an event without a time in one file could be placed only
    ///   by what is in another that can be read only once.
    public func run(into hub: MonitoringHub) async throws {
        var merged = try RecordedEvents(paths: paths)
        var pace: Pace?
        var stretch = LongStretch(limit: longStretch)
        hub.report(name) { $0.state = speed == nil ? .catchingUp : .live }
        while let next = try merged.next(onRefusal: { refuse($0, hub) }) {
            if let speed {
                let started = pace ?? Pace(start: next.time, speed: speed)
                pace = started
                try await started.wait(for: next.time, hub)
            }
            try hub.judgeAlerts(before: next.time) { watch in
                if let text = stretch.remark(before: next.time, { watch.restless }) { onRemark(text) }
            }
            stretch.end()
            hub.take(next.event, at: next.time)
            hub.report(name) { health in
                health.records += 1
                health.events += 1
                health.lastEventAt = next.time
            }
            await hub.makeRoom()
            try Task.checkCancellation()
        }
        // A pipe ends for who has stopped to wait.
        try Task.checkCancellation()
        if let last = merged.last {
            hub.advance(to: last)
            hub.judgeAlertsAtEnd(last)
        }
        if let text = hub.forgettingRemark { onRemark(text) }
        hub.report(name) { $0.state = .ended }
        hub.tick()
    }

    private func refuse(_ refusal: RecordedEvents.Refusal, _ hub: MonitoringHub) {
        onRefusal(refusal.text)
        hub.report(name) { health in
            health.records += 1
            health.unreadable += 1
        }
    }

    /// Recorded time against the clock's.
    private struct Pace {
        var start: MonitorTime
        var speed: Double
        private let begun = ContinuousClock.now

        init(start: MonitorTime, speed: Double) {
            self.start = start
            self.speed = speed
        }

        /// Waits until an event is due, and moves the hub's time on meanwhile.
        func wait(for time: MonitorTime, _ hub: MonitoringHub) async throws {
            while true {
                let gone = begun.duration(to: .now) * speed
                let now = start + gone
                if now >= time { return }
                try hub.judgeAlerts(before: now)
                hub.advance(to: now)
                let rest = max(0, time.seconds(since: now) / speed)
                try await Task.sleep(for: .seconds(min(1, rest)))
            }
        }
    }
}
