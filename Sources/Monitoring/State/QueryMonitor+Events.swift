import FoundationEssentials
import StreamingMetrics

extension QueryMonitor {
    /// What the run of an event is to the query.
    private enum Place { case current, new, past }

    private func place(of runId: UUID, time: Int64?, batchId: Int64?, kind: StreamingQueryEvent.Kind) -> Place {
        guard let run else { return .new }
        if run.runId == runId { return .current }
        if pastRuns.contains(runId) { return .past }
        // It has neither time nor number. While another run goes on it is of one before; after the end it is news.
        if kind == .terminated { return run.isEnded ? .new : .past }
        guard let time, time < run.firstTime else { return .new }
        // Before the current run by its clock, which may have been set; batch numbers go on from run to run.
        if let batchId, let last = run.lastBatchId, batchId > last { return .new }
        return kind == .started && run.isEnded ? .new : .past
    }

    /// Whether an event is of the current run, which begins with it where it is new.
    private mutating func enter(
        _ runId: UUID, time: Int64?, batchId: Int64? = nil, kind: StreamingQueryEvent.Kind, _ now: MonitorTime
    ) -> Bool {
        switch place(of: runId, time: time, batchId: batchId, kind: kind) {
        case .current: return true
        case .past:
            counts.lateEvents &+= 1
            remember(past: runId)
            return false
        case .new:
            begin(runId, time: time, kind, now)
            return true
        }
    }

    private mutating func remember(past runId: UUID) {
        guard !pastRuns.contains(runId) else { return }
        if pastRuns.count >= Self.maximumPastRuns { pastRuns.removeFirst() }
        pastRuns.append(runId)
    }

    private mutating func begin(_ runId: UUID, time: Int64?, _ kind: StreamingQueryEvent.Kind, _ now: MonitorTime) {
        let before = run
        if let before { remember(past: before.runId) }
        run = QueryRun(runId, firstTime: time ?? now.millisecondsSinceEpoch, hint: before.flatMap { handedOn(by: $0) })
        runSince = time.map { MonitorTime(millisecondsSinceEpoch: $0) } ?? now
        batches.removeAll()
        sources = []
        pressureTracker = PressureTracker()
        allowance = BacklogAllowance()
        if before != nil {
            counts.restarts &+= 1
            if restarts.count >= max(1, settings.maximumTransitions) { restarts.removeFirst() }
            restarts.append(now)
            beganRun = true
            let last = before?.lastBatchId.map { ", whose last batch was \($0)" } ?? ""
            let ended = before?.isEnded == true ? "" : "; no end of that one was heard"
            change(
                to: .restarting, at: now, "run \(runId.short) after run \(before?.runId.short ?? "-")\(last)\(ended)")
        } else if kind == .started {
            change(to: .starting, at: now, "run \(runId.short) has started")
        }
    }

    /// The share of the interval that batches take which have time to spare.
    private static let sparing = 0.75

    /// The interval that a run hands on to the next. One that had little time to spare in it at its end hands on nothing: a longer
    /// interval or none is what people give to such a query, and without one its batches may come to be as long as that one was.
    private func handedOn(by run: QueryRun) -> TriggerIntervalHint? {
        guard let interval = run.estimate.milliseconds ?? run.hint?.milliseconds else { return nil }
        let endedBehind = state == .behind || (state.isEnded && transitions.last?.from == .behind)
        guard !endedBehind, batches.meanDuration ?? 0 <= Double(interval) * Self.sparing else { return nil }
        return TriggerIntervalHint(milliseconds: interval)
    }

    // MARK: Started

    mutating func take(_ event: QueryStartedEvent, _ now: MonitorTime) {
        let time = event.timestamp?.millisecondsSinceEpoch
        guard enter(event.runId, time: time, kind: .started, now) else { return }
        if let name = event.name { self.name = name }
        // Who forwards started events forwards idle ones.
        hearsIdle = true
        if let time, run?.startedAt == nil {
            run?.startedAt = MonitorTime(millisecondsSinceEpoch: time)
            runSince = run?.startedAt
        }
        heardAt = now
    }

    // MARK: Progress

    mutating func take(_ progress: StreamingQueryProgress, _ now: MonitorTime) {
        let time = progress.timestamp.millisecondsSinceEpoch
        guard enter(progress.runId, time: time, batchId: progress.batchId, kind: .progress, now), let run else {
            return
        }
        switch run.order(of: progress) {
        case .copy: counts.copies &+= 1
        case .older: counts.lateEvents &+= 1
        case .newer:
            let start =
                time ?? now.millisecondsSinceEpoch.subtractingSaturated(progress.triggerMilliseconds ?? 0)
            add(progress, start: start, now)
        }
    }

    private mutating func add(_ progress: StreamingQueryProgress, start: Int64, _ now: MonitorTime) {
        guard let before = run else { return }
        let batch = before.batch(progress, start: start)
        let isFirst = before.triggers == 0
        run?.add(progress, start: start, learnsGap: state != .stalled)
        if let name = progress.name { self.name = name }
        lastProgress = progress
        (heardAt, progressAt) = (now, now)
        noteIdleSigns(of: progress)
        count(progress)
        if let batch { batches.add(batch) }
        follow(progress, start: start, batch)
        stateTracker.add(progress.stateOperators, at: start)
        judge(progress, batch)
        newSample = HistorySample(
            progress: progress, start: start, lagRecords: lagRecords, watermarkDelaySeconds: watermarkDelayAtProgress)
        guard run?.isEnded == false else { return nameLastBatch(after: before) }
        if isFirst { failure = nil }
        settle(progress, start: start, now)
    }

    /// Spark up to 3.4 reports idle triggers as progress; up to 3.3 it is known by a phase that came with 3.4.
    private mutating func noteIdleSigns(of progress: StreamingQueryProgress) {
        guard !hearsIdle else { return }
        let isOld = progress.durationMs["walCommit"] != nil && progress.durationMs["commitOffsets"] == nil
        hearsIdle = isOld || !progress.ranBatch
    }

    private mutating func count(_ progress: StreamingQueryProgress) {
        if progress.ranBatch { counts.batches &+= 1 }
        counts.inputRows &+= UInt64(max(0, progress.numInputRows))
        for state in progress.stateOperators {
            counts.lateRows &+= UInt64(max(0, state.numRowsDroppedByWatermark ?? 0))
        }
    }

    private mutating func follow(_ progress: StreamingQueryProgress, start: Int64, _ batch: BatchWindow.Batch?) {
        if sources.count != progress.sources.count || !zip(sources, progress.sources).allSatisfy({ $0.follows($1) }) {
            sources = progress.sources.map { SourceTracker($0, settings) }
        }
        for (index, source) in progress.sources.enumerated() { sources[index].add(source, start: start, batch: batch) }
    }

    /// Goes into the state that a progress of a run that goes on shows. Reasons are put into words only when they are needed.
    private mutating func settle(_ progress: StreamingQueryProgress, start: Int64, _ now: MonitorTime) {
        guard let run else { return }
        let duration = progress.triggerMilliseconds ?? 0
        if progress.numInputRows > 0 {
            guard pressure != .sustained else {
                if let reason = pressureTracker.reason { change(to: .behind, at: now, reason) }
                return
            }
            guard state != .processing else { return }
            let rows = Figures.count(progress.numInputRows)
            let number = progress.batchId.map { "batch \($0)" } ?? "a batch"
            return change(
                to: .processing, at: now, "\(number) read \(rows) rows in \(Figures.duration(milliseconds: duration))")
        }
        let quiet = run.lastRowsEnd.map { start.addingSaturated(duration).subtractingSaturated($0) }
        let isLong = quiet.map { $0 >= settings.idleAfter.nonNegativeMilliseconds } ?? true
        if isLong || run.emptyTriggers > 1 { return goIdle(quiet: quiet, now) }
        guard state != .behind, state != .processing else { return }
        let length = Figures.duration(milliseconds: max(0, quiet ?? 0))
        change(to: .processing, at: now, "a trigger without rows, \(length) after the last with some")
    }

    private mutating func goIdle(quiet: Int64?, _ now: MonitorTime) {
        pressureTracker.reset()
        guard state != .idle else { return }
        let reason = quiet.map { "no rows for \(Figures.duration(milliseconds: max(0, $0)))" }
        change(to: .idle, at: now, reason ?? "no rows in this run yet")
    }

    // MARK: Idle

    mutating func take(_ event: QueryIdleEvent, _ now: MonitorTime) {
        let time = event.timestamp.millisecondsSinceEpoch
        guard enter(event.runId, time: time, kind: .idle, now), var run else { return }
        hearsIdle = true
        let order = run.order(of: event)
        self.run = run
        switch order {
        case .copy: counts.copies &+= 1
        case .older:
            // Late, or the clock was set back: a sign of life in either case.
            counts.lateEvents &+= 1
            if !run.isEnded { heardAt = now }
        case .newer:
            guard !run.isEnded else { return counts.lateEvents &+= 1 }
            let start = time ?? now.millisecondsSinceEpoch
            self.run?.addIdle(start: start, isTimed: time != nil, learnsGap: state != .stalled)
            if run.triggers == 0 { failure = nil }
            heardAt = now
            goIdle(quiet: run.lastRowsEnd.map { start.subtractingSaturated($0) }, now)
        }
    }

    // MARK: Terminated

    mutating func take(_ event: QueryTerminatedEvent, _ now: MonitorTime) {
        guard enter(event.runId, time: nil, kind: .terminated, now), let run else { return }
        guard !run.isEnded else { return counts.copies &+= 1 }
        self.run?.isEnded = true
        heardAt = now
        pressureTracker.reset()
        guard let exception = event.exception else {
            return change(to: .terminated, at: now, "run \(run.runId.short) has ended" + Self.lastBatch(of: run))
        }
        counts.failures &+= 1
        let failure = QueryFailure(
            runId: run.runId, at: now, errorClass: event.errorClassOnException, exception: exception)
        self.failure = failure
        let cause = [failure.errorClass, failure.firstLine].compactMap { $0 }.filter { !$0.isEmpty }
        change(
            to: .failed, at: now,
            "run \(run.runId.short) has failed: \(cause.joined(separator: ": "))" + Self.lastBatch(of: run))
    }

    private static func lastBatch(of run: QueryRun) -> String {
        run.lastBatchId.map { "; its last batch was \($0)" } ?? ""
    }

    /// The end of a run comes by another topic than its batches, and may come before them.
    private mutating func nameLastBatch(after before: QueryRun) {
        let old = Self.lastBatch(of: before)
        guard let run, state == .terminated || state == .failed, stateReason.hasSuffix(old) else { return }
        stateReason = stateReason.dropLast(old.count) + Self.lastBatch(of: run)
        if transitions.last?.to == state { transitions[transitions.count - 1].reason = stateReason }
    }
}

extension UUID {
    /// The first eight digits, enough to tell runs apart in a sentence.
    var short: String { String(uuidString.prefix(8)).lowercased() }
}
