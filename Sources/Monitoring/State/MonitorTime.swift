public import StreamingMetrics

/// A moment as the monitor is told it: milliseconds since 1970-01-01T00:00:00Z.
///
/// This module has no clock. Who feeds it says what time it is, and two feeds that say the same times get the same answers.
/// Arithmetic stops at the ends of the range and never traps.
public struct MonitorTime: Sendable, Hashable, Comparable, Codable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public var millisecondsSinceEpoch: Int64

    /// Creates a moment.
    public init(millisecondsSinceEpoch: Int64) { self.millisecondsSinceEpoch = millisecondsSinceEpoch }

    /// Reads milliseconds since 1970 from a single number.
    public init(from decoder: any Decoder) throws {
        millisecondsSinceEpoch = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes milliseconds since 1970 as a single number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(millisecondsSinceEpoch)
    }

    /// Seconds since 1970, as Prometheus counts time.
    public var secondsSinceEpoch: Double { Double(millisecondsSinceEpoch) / 1000 }

    /// Seconds from another moment to this one; negative when this one is earlier.
    public func seconds(since other: MonitorTime) -> Double {
        Double(millisecondsSinceEpoch.subtractingSaturated(other.millisecondsSinceEpoch)) / 1000
    }

    /// The moment a while later.
    public static func + (time: MonitorTime, duration: Duration) -> MonitorTime {
        MonitorTime(millisecondsSinceEpoch: time.millisecondsSinceEpoch.addingSaturated(duration.wholeMilliseconds))
    }

    /// Whether one moment is before another.
    public static func < (left: MonitorTime, right: MonitorTime) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }
}

extension StreamingQueryEvent {
    /// When this event can have been sent at the earliest, by its own words: a progress at the end of its trigger, a started or
    /// idle event at its timestamp. Nil for terminated events, which have no time, and where the time cannot be read.
    ///
    /// A trigger that claims to have taken more than 366 days is not believed, and counts from its beginning: one damaged number would
    /// else move a replay's clock to the end of time.
    ///
    /// This is the time to feed a recorded file with, one event after another; an event without a time has that of the one
    /// before it.
    public var ownTime: MonitorTime? {
        let (timestamp, length) = timestampAndLength
        guard let start = timestamp?.millisecondsSinceEpoch else { return nil }
        let isBelievable = length <= 366 * 86_400_000
        return MonitorTime(millisecondsSinceEpoch: isBelievable ? start.addingSaturated(length) : start)
    }

    /// Apart from the sum: in one function with the look into the timestamp, Swift 6.3's optimiser fails.
    @inline(never)
    private var timestampAndLength: (ProgressTimestamp?, Int64) {
        switch self {
        case .started(let event): (event.timestamp, 0)
        case .idle(let event): (event.timestamp, 0)
        case .progress(let event): (event.progress.timestamp, event.progress.triggerMilliseconds ?? 0)
        case .terminated: (nil, 0)
        }
    }
}

/// Maps a clock that only goes forward onto the calendar, so that a wall clock that is set does not look like silence.
///
/// ```swift
/// let steady = SteadyTime(wall: wallNow, uptime: ContinuousClock.now - start)
/// fleet.advance(to: steady.time(atUptime: ContinuousClock.now - start))
/// ```
public struct SteadyTime: Sendable, Hashable {
    private let wall: MonitorTime
    private let uptime: Duration

    /// Notes what both clocks say now.
    public init(wall: MonitorTime, uptime: Duration) {
        self.wall = wall
        self.uptime = uptime
    }

    /// The calendar's time at another moment of the clock that only goes forward.
    public func time(atUptime uptime: Duration) -> MonitorTime { wall + (uptime - self.uptime) }
}

extension StreamingQueryProgress {
    /// How long the trigger took, in milliseconds: `batchDuration` since Spark 4.0, `triggerExecution` before, else what rows and
    /// rate say. Nil where none of them is there, and never negative.
    var triggerMilliseconds: Int64? {
        if let duration = batchDuration ?? durationMs["triggerExecution"] { return max(0, duration) }
        guard let rate = processedRowsPerSecond, rate.isFinite, rate > 0, numInputRows > 0 else { return nil }
        return Int64(exactly: (Double(numInputRows) / rate * 1000).rounded())
    }

    /// Whether the trigger ran a batch; one that found nothing to do has no phase `addBatch`.
    package var ranBatch: Bool { numInputRows > 0 || durationMs["addBatch"] != nil }
}

extension Int64 {
    /// The sum, or the end of the range.
    func addingSaturated(_ other: Int64) -> Int64 {
        let (value, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : value
    }

    /// The difference, or the end of the range.
    func subtractingSaturated(_ other: Int64) -> Int64 {
        let (value, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other > 0 ? .min : .max) : value
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return whole.addingSaturated(attoseconds / 1_000_000_000_000_000)
    }

    /// Whole milliseconds; a negative length counts as none.
    var nonNegativeMilliseconds: Int64 { Swift.max(0, wholeMilliseconds) }
}
