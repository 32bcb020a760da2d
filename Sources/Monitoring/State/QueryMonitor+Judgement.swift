import StreamingMetrics

extension QueryMonitor {
    /// Notes whether a batch kept up. Batches that cannot be compared with the one before are not judged, nor are those without
    /// rows, nor one that has ended a silence which was too long: that is another trouble, and was told.
    mutating func judge(_ progress: StreamingQueryProgress, _ batch: BatchWindow.Batch?) {
        guard let batch, batch.rows > 0, state != .stalled, state != .unknown else { return }
        let growth = Double(batch.duration) / Double(max(1, batch.interval))
        let waiting = backlog(at: batch.start)
        let isAllowed = isAllowed(at: batch.start)
        var late = shortfall(batch)
        if late != nil, isAllowed {
            // It says nothing, neither that the query does not keep up nor that it does.
            if waiting == nil { return }
            late = nil
        }
        let known = late ?? waiting
        pressureTracker.add(
            reason: known ?? outgrowth(batch, growth), start: batch.start, duration: batch.duration,
            growth: known == nil ? growth : nil, busyRatio: batches.busyRatioBetweenStarts ?? 1,
            isBacklog: waiting != nil, isRising: sources.contains(where: \.isRising), settings)
    }

    /// Notes whether more waits than is read in a moment; whether a batch may be long for reading what has piled up.
    private mutating func isAllowed(at time: Int64) -> Bool {
        // Connectors that look for the newest offset late always leave some.
        let least = Double(settings.behindLag.nonNegativeMilliseconds) / (allowance.isWaiting ? 40_000 : 4000)
        let left = sources.filter { $0.secondsBehind ?? 0 > least }.map(\.secondsToWorkOff)
        allowance.note(
            isWaiting: !left.isEmpty, keepsUp: pressureTracker.batches < max(1, settings.behindBatches), at: time)
        let longest = left.contains(nil) ? nil : left.compactMap { $0 }.max()
        return allowance.isGiven(secondsLeft: longest, limit: catchUpLimit, at: time)
    }

    /// By how much a batch took longer than the trigger interval; nil where it did not.
    private func shortfall(_ batch: BatchWindow.Batch) -> String? {
        let duration = Figures.duration(milliseconds:)
        guard let interval = triggerInterval?.nonNegativeMilliseconds, interval > 0, batch.duration > interval else {
            return nil
        }
        let isOfRunBefore = settings.triggerInterval(ofQuery: name) == nil && run?.estimate.milliseconds == nil
        let said = isOfRunBefore ? "was \(duration(interval)) in the run before" : "is \(duration(interval))"
        return "the batch took \(duration(batch.duration)), the trigger interval \(said)"
    }

    /// How much more arrived than was processed; nil where it was not.
    private func outgrowth(_ batch: BatchWindow.Batch, _ growth: Double) -> String? {
        guard growth > (settings.inputOverProcessing.isFinite ? max(1, settings.inputOverProcessing) : 1) else {
            return nil
        }
        let rows = Double(batch.rows) * 1000
        let arrived = Figures.number(rows / Double(batch.interval))
        let processed = Figures.number(rows / Double(max(1, batch.duration)))
        return "\(arrived) rows/s arrived and \(processed) rows/s were processed"
    }

    /// A backlog that is large and not worked off soon, or grows without end; nil where there is none or none is known.
    private mutating func backlog(at time: Int64) -> String? {
        var worst: (reason: String, seconds: Double)?
        for index in sources.indices {
            // Of each, since it notes how its lag goes on.
            let reason = backlog(ofSource: index, at: time)
            sources[index].noteRise(isBacklog: reason != nil, at: time, settings)
            guard let reason, let seconds = sources[index].secondsBehind, seconds > worst?.seconds ?? 0 else {
                continue
            }
            worst = (reason, seconds)
        }
        return worst?.reason
    }

    private mutating func backlog(ofSource index: Int, at time: Int64) -> String? {
        let isBehind = pressure == .sustained
        let threshold = Double(settings.behindLag.nonNegativeMilliseconds) / 1000
        let limit = catchUpLimit
        let isWorkedOff = sources[index].noteWorkingOff(
            above: threshold, soon: isBehind ? limit / 2 : limit, limit: limit, at: time)
        let source = sources[index]
        guard let records = source.records, let seconds = source.secondsBehind, seconds > threshold / 4 else {
            return nil
        }
        let size = "\(Figures.count(records)) records wait, \(Figures.duration(seconds: seconds)) of work"
        if seconds > (isBehind ? threshold / 2 : threshold) { return isWorkedOff ? nil : size }
        // A burst's beginning raises the trend for long, also while it is worked off.
        if let left = source.secondsToWorkOff, left <= limit { return nil }
        guard source.isOutpaced, let trend = source.trendPerSecond, trend > 0 else { return nil }
        return "\(size), and \(Figures.number(trend)) more each second"
    }

    // MARK: Measures

    /// How far each source is behind, in the order of the plan; empty before the first progress.
    public var lags: [SourceLag] { sources.enumerated().map { $1.lag(index: $0, soon: catchUpLimit) } }

    private var catchUpLimit: Double { Double(settings.catchUpLimit.nonNegativeMilliseconds) / 1000 }

    /// Each partition of a source with its lag, most behind first; empty where the source's offsets do not say.
    ///
    /// - Parameters:
    ///   - source: The source's place in the plan.
    ///   - limit: How many at most.
    ///   - withTrends: Whether to tell more than the offsets and how many records lie between them, which costs as much again.
    public func partitionLags(
        ofSource source: Int, limit: Int = .max, withTrends: Bool = true
    ) -> [PartitionLag] {
        guard sources.indices.contains(source), limit > 0 else { return [] }
        let sorted = sources[source].partitions(withTrends: withTrends, soon: catchUpLimit).enumerated().sorted {
            ($1.element.records ?? -1, $0.offset) < ($0.element.records ?? -1, $1.offset)
        }
        return sorted.prefix(limit).map(\.element)
    }

    /// Records that wait in all sources of which it is known; nil where it is of none.
    var lagRecords: Int64? {
        let known = sources.compactMap(\.records)
        return known.isEmpty ? nil : known.reduce(Int64(0)) { $0.addingSaturated($1) }
    }

    /// Seconds of work that wait in the source with most of it; nil where unknown.
    var lagSeconds: Double? { sources.compactMap(\.secondsBehind).max() }

    /// What the query keeps in state; nil for one without, and before the first progress.
    public var stateUse: StateUse? { stateTracker.use }

    /// The watermark of the last progress; nil where there is none or it has not moved from 1970 yet.
    public var watermark: MonitorTime? {
        guard let text = lastProgress?.eventTime["watermark"],
            let time = ProgressTimestamp(text: text).millisecondsSinceEpoch, time > 0
        else { return nil }
        return MonitorTime(millisecondsSinceEpoch: time)
    }

    /// Seconds from the watermark to the start of the trigger that used it; nil without a watermark, below 0 where event times
    /// lie in the future.
    var watermarkDelayAtProgress: Double? {
        guard let watermark, let start = lastProgress?.timestamp.millisecondsSinceEpoch else { return nil }
        return MonitorTime(millisecondsSinceEpoch: start).seconds(since: watermark)
    }
}
