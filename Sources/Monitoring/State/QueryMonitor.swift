public import FoundationEssentials
public import StreamingMetrics

/// Follows one query through all its runs: events in, state and measures out.
///
/// ```swift
/// var monitor = QueryMonitor(id: event.id)
/// for transition in monitor.take(event, at: now) { print(transition.to, transition.reason) }
/// for transition in monitor.advance(to: now) { print(transition.to, transition.reason) }
/// ```
///
/// A pure value: it has no clock and does nothing by itself. What events say is judged by the times in them, silence by the times
/// at which they came, so clocks that differ do no harm. Feed a recorded file with ``StreamingMetrics/StreamingQueryEvent/ownTime``,
/// a live feed with a clock that only goes forward (``SteadyTime``). A silence is noticed at the moment at which it became too long,
/// whenever the monitor is asked, so the answer does not depend on how often that is.
///
/// Copies, late events and those of earlier runs change nothing but counts. A run's first trigger is not judged: it reads what
/// has piled up, and has nothing before it to compare with.
public struct QueryMonitor: Sendable, Hashable {
    /// Identity of the query.
    public let id: UUID
    /// The query's name, the newest that was heard; nil while none was.
    public internal(set) var name: String?
    /// What the query is doing.
    public internal(set) var state: QueryState = .unknown
    /// Since when, in the feed's time; nil before the first event.
    public internal(set) var stateSince: MonitorTime?
    /// Why it is in this state.
    public internal(set) var stateReason = "no event yet"
    /// The last changes of state, the oldest first.
    public internal(set) var transitions: [QueryTransition] = []
    /// The newest progress; nil while none came.
    public internal(set) var lastProgress: StreamingQueryProgress?
    /// How the last run that failed ended; stays until a later run has ended its first trigger.
    public internal(set) var failure: QueryFailure?
    /// What has been counted since the monitor began.
    public internal(set) var counts = QueryCounts()
    /// How the last batches compare with what arrives.
    public var pressure: InputPressure { pressureTracker.pressure }
    /// When the newest sign of life came, in the feed's time.
    public internal(set) var heardAt: MonitorTime?
    /// When the current run was first heard of, or says that it started.
    public internal(set) var runSince: MonitorTime?
    /// When the newest progress came, in the feed's time.
    public internal(set) var progressAt: MonitorTime?
    /// When runs after the first began, the oldest first; at most ``MonitorSettings/maximumTransitions``.
    public internal(set) var restarts: [MonitorTime] = []

    let settings: MonitorSettings
    var clock: MonitorTime?
    /// Silence before this is not counted.
    var watchedSince: MonitorTime?
    var run: QueryRun?
    var pastRuns: [UUID] = []
    /// Whether this feed has shown that an idle query is heard in it.
    var hearsIdle = false
    var batches: BatchWindow
    var sources: [SourceTracker] = []
    var stateTracker: StateTracker
    var pressureTracker = PressureTracker()
    var allowance = BacklogAllowance()
    var emitted: [QueryTransition] = []
    /// What the last event adds to the history; nil where it adds nothing.
    var newSample: HistorySample?
    /// Whether the last event began a run after the first.
    var beganRun = false

    static let maximumPastRuns = 32

    /// A monitor that has heard nothing yet.
    public init(id: UUID, settings: MonitorSettings = MonitorSettings()) {
        self.id = id
        self.settings = settings
        batches = BatchWindow(settings)
        stateTracker = StateTracker(settings)
    }

    /// Identity of the current run, or of the last one; nil before the first event.
    public var runId: UUID? { run?.runId }

    /// The trigger interval: what the settings say, else what the times of the triggers tell, else what they told in the run before
    /// where this one fits it and has shown nothing else; nil where there are too few of them or the query runs without one.
    public var triggerInterval: Duration? {
        settings.triggerInterval(ofQuery: name) ?? run?.interval.map { .milliseconds($0) }
    }

    // MARK: Feeding

    /// Takes an event of this query; one of another query is ignored.
    ///
    /// - Parameters:
    ///   - event: Any event, in whatever order.
    ///   - time: When it came, in the feed's time. Earlier than the time before counts as that one.
    ///   - queryName: The name that the feed has for it; idle and terminated events carry none themselves.
    /// - Returns: The changes of state, in order; those of a silence that ends with this event come first.
    @discardableResult
    public mutating func take(
        _ event: StreamingQueryEvent, at time: MonitorTime, queryName: String? = nil
    ) -> [QueryTransition] {
        guard event.id == id else { return [] }
        (newSample, beganRun) = (nil, false)
        counts.events &+= 1
        let now = max(clock ?? time, time)
        noticeSilence(until: now)
        clock = now
        switch event {
        case .started(let event): take(event, now)
        case .progress(let event): take(event.progress, now)
        case .idle(let event): take(event, now)
        case .terminated(let event): take(event, now)
        }
        if let queryName, event.runId == run?.runId { name = queryName }
        return drain()
    }

    /// Says what time it is, so that a silence can be noticed.
    ///
    /// A time before the last one says that the clock was set back: ages are kept as they are.
    /// - Returns: The changes of state.
    @discardableResult
    public mutating func advance(to time: MonitorTime) -> [QueryTransition] {
        guard let clock else { return [] }
        if time < clock {
            moveBack(to: time, from: clock)
            return []
        }
        if let pause = settings.longestWatcherPause, time > clock + pause { watchedSince = time }
        noticeSilence(until: time)
        self.clock = time
        return drain()
    }

    /// Says that the feed is listened to from now on, after a gap or after old events were read: silence before this moment is
    /// not counted.
    public mutating func beginWatching(at time: MonitorTime) { watchedSince = max(watchedSince ?? time, time) }

    /// Counts events of this query that the feed knows to be missing, such as a gap in the topic's sequence numbers.
    public mutating func noteMissing(_ count: UInt64) {
        counts.missingEvents = counts.missingEvents > .max - count ? .max : counts.missingEvents + count
    }

    // MARK: Changing

    /// Goes into a state; a reason alone is no change.
    mutating func change(to next: QueryState, at time: MonitorTime, _ reason: String) {
        guard next != state else { return }
        let transition = QueryTransition(
            id: id, runId: run?.runId, from: state, to: next, at: time, reason: reason)
        (state, stateSince, stateReason) = (next, time, reason)
        if transitions.count >= max(1, settings.maximumTransitions) { transitions.removeFirst() }
        transitions.append(transition)
        emitted.append(transition)
    }

    private mutating func drain() -> [QueryTransition] {
        guard !emitted.isEmpty else { return [] }
        defer { emitted = [] }
        return emitted
    }

    private mutating func moveBack(to time: MonitorTime, from clock: MonitorTime) {
        // Threads that tell the time one after another differ by less.
        guard clock.seconds(since: time) > 1 else { return }
        func moved(_ moment: MonitorTime) -> MonitorTime {
            let age = clock.millisecondsSinceEpoch.subtractingSaturated(moment.millisecondsSinceEpoch)
            return MonitorTime(millisecondsSinceEpoch: time.millisecondsSinceEpoch.subtractingSaturated(age))
        }
        heardAt = heardAt.map(moved)
        progressAt = progressAt.map(moved)
        stateSince = stateSince.map(moved)
        runSince = runSince.map(moved)
        watchedSince = watchedSince.map(moved)
        self.clock = time
    }
}

/// What a monitor has counted since it began. Counts only grow.
public struct QueryCounts: Sendable, Hashable, Codable {
    /// Events taken, of any kind.
    public var events: UInt64 = 0
    /// Triggers that ran a batch.
    public var batches: UInt64 = 0
    /// Rows read, summed over the progress events; what no event told is missing.
    public var inputRows: UInt64 = 0
    /// Rows that operators dropped because they came behind the watermark.
    public var lateRows: UInt64 = 0
    /// Runs after the first.
    public var restarts: UInt64 = 0
    /// Runs that ended with an exception.
    public var failures: UInt64 = 0
    /// Events that were copies.
    public var copies: UInt64 = 0
    /// Events that came after newer ones, or of earlier runs.
    public var lateEvents: UInt64 = 0
    /// Events that the feed knows to be missing.
    public var missingEvents: UInt64 = 0
}
