import FoundationEssentials
import StreamingMetrics

/// One run of a query, as far as its events have come.
struct QueryRun: Sendable, Hashable {
    /// What the next event is, compared with the last.
    enum Order { case newer, copy, older }

    let runId: UUID
    /// When it started, by its own words; nil where no started event with a time has come.
    var startedAt: MonitorTime?
    /// The earliest time of its events, in milliseconds.
    var firstTime: Int64
    /// The events that ended it.
    var isEnded = false
    /// Triggers of which there was an event.
    var triggers = 0

    /// The last progress, by its own words.
    private(set) var lastTimestamp: ProgressTimestamp?
    private(set) var lastBatchId: Int64?
    private(set) var lastRanBatch = false
    /// When the last trigger of any kind started, in milliseconds.
    private(set) var lastStart: Int64?
    private var lastDuration: Int64 = 0
    /// The last trigger that ran a batch.
    private(set) var lastBatchStart: Int64?
    private var lastExecutedBatchId: Int64?
    private var lastIdle: ProgressTimestamp?
    private var earlierIdle: Int64?

    /// When rows were read last, in milliseconds: the end of that trigger.
    private(set) var lastRowsEnd: Int64?
    /// Triggers in a row that ran no batch.
    private(set) var emptyTriggers = 0

    private(set) var estimate: TriggerIntervalEstimate
    /// What the run before had shown; nil once this run shows its own or speaks against it.
    private(set) var hint: TriggerIntervalHint?
    /// Times between triggers that have been seen.
    private(set) var gaps = 0
    /// The longest of them and the longest batch, in milliseconds; both shrink by a sixteenth with each that is shorter.
    private(set) var longestGap: Int64 = 0
    private(set) var longestBatch: Int64 = 0

    init(_ runId: UUID, firstTime: Int64, hint: TriggerIntervalHint? = nil) {
        self.runId = runId
        self.firstTime = firstTime
        self.hint = hint
        estimate = TriggerIntervalEstimate(known: hint?.milliseconds)
    }

    /// The trigger interval in milliseconds, by this run's own times or by those of the one before; nil where neither tells.
    var interval: Int64? {
        estimate.milliseconds ?? hint.flatMap { $0.isBelieved ? $0.milliseconds : nil }
    }

    // MARK: Order

    /// Whether a progress of this run says something new.
    ///
    /// The batch's number decides, for it only grows, whatever the clock does. A trigger without a batch carries the number of the
    /// next batch, so of two with one number the one with the batch is the later.
    func order(of progress: StreamingQueryProgress) -> Order {
        guard let lastTimestamp else { return .newer }
        let isSameTime = progress.timestamp == lastTimestamp
        if let batchId = progress.batchId, let lastBatchId {
            if batchId != lastBatchId { return batchId > lastBatchId ? .newer : .older }
            if lastRanBatch { return isSameTime ? .copy : .older }
            return isSameTime && !progress.ranBatch ? .copy : .newer
        }
        if isSameTime { return .copy }
        return progress.timestamp.isBefore(lastTimestamp) ? .older : .newer
    }

    /// Whether an idle event of this run says something new. One from before the last trigger is late; where a second one follows
    /// that is later than it, the clock was set.
    mutating func order(of idle: QueryIdleEvent) -> Order {
        if idle.timestamp == lastIdle { return .copy }
        if let time = idle.timestamp.millisecondsSinceEpoch, let lastStart, time < lastStart {
            defer { earlierIdle = time }
            guard let earlierIdle, time > earlierIdle else { return .older }
        }
        lastIdle = idle.timestamp
        return .newer
    }

    // MARK: What came

    /// The time since the batch before, and this one's duration, where both can be compared: nil for a run's first batch, after a
    /// number that is missing, and where the clock was set.
    func batch(_ progress: StreamingQueryProgress, start: Int64) -> BatchWindow.Batch? {
        guard progress.ranBatch, let lastBatchStart, let duration = progress.triggerMilliseconds else { return nil }
        if let batchId = progress.batchId, let lastExecutedBatchId, batchId != lastExecutedBatchId.addingSaturated(1) {
            return nil
        }
        let interval = start.subtractingSaturated(lastBatchStart)
        guard interval > 0 else { return nil }
        return BatchWindow.Batch(
            start: start, interval: interval, duration: duration, rows: max(0, progress.numInputRows),
            phases: progress.durationMs)
    }

    /// Notes a progress that is newer than all before.
    mutating func add(_ progress: StreamingQueryProgress, start: Int64, learnsGap: Bool) {
        addTrigger(start: start, isTimed: progress.timestamp.millisecondsSinceEpoch != nil, learnsGap: learnsGap)
        lastDuration = progress.triggerMilliseconds ?? 0
        lastTimestamp = progress.timestamp
        lastBatchId = progress.batchId
        lastRanBatch = progress.ranBatch
        emptyTriggers = progress.ranBatch ? 0 : emptyTriggers + 1
        guard progress.ranBatch else { return }
        let duration = progress.triggerMilliseconds ?? 0
        lastBatchStart = start
        lastExecutedBatchId = progress.batchId
        longestBatch = max(duration, longestBatch - longestBatch / 16)
        if progress.numInputRows > 0 { lastRowsEnd = start.addingSaturated(duration) }
    }

    /// Notes an idle trigger.
    mutating func addIdle(start: Int64, isTimed: Bool, learnsGap: Bool) {
        addTrigger(start: start, isTimed: isTimed, learnsGap: learnsGap)
        lastDuration = 0
        emptyTriggers += 1
    }

    private mutating func addTrigger(start: Int64, isTimed: Bool, learnsGap: Bool) {
        // A run's first trigger starts at once and says nothing about the interval.
        if triggers > 0 {
            if isTimed, let lastStart { noteStart(start, after: lastStart) }
            if let lastStart, learnsGap {
                let gap = start.subtractingSaturated(lastStart)
                if gap > 0 {
                    gaps += 1
                    longestGap = max(gap, longestGap - longestGap / 16)
                }
            }
        }
        triggers += 1
        lastStart = start
        firstTime = min(firstTime, start)
    }

    private mutating func noteStart(_ start: Int64, after previous: Int64) {
        estimate.add(start: start, after: previous, taking: lastDuration)
        guard var hint else { return }
        let explains = hint.explains(start: start, after: previous, taking: lastDuration)
        self.hint = explains && estimate.milliseconds == nil ? hint : nil
    }
}
