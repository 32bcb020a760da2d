public import FoundationEssentials
import StreamingMetrics

/// Everything that a page, a row or a scrape shows of one query at one moment.
///
/// Nil is unknown and never 0; no number is NaN or infinite. Ages count to the moment asked for, not to the last event.
public struct QuerySnapshot: Sendable, Hashable, Codable {
    /// The moment it is about, in the feed's time.
    public var at: MonitorTime
    /// Identity of the query.
    public var id: UUID
    /// Identity of the current or last run.
    public var runId: UUID?
    /// The query's name; nil when it has none.
    public var name: String?
    /// What the query is doing.
    public var state: QueryState
    /// Why.
    public var stateReason: String
    /// Seconds in this state.
    public var stateSeconds: Double?
    /// When the run began: by its own words, else when it was first heard of.
    public var runSince: MonitorTime?
    /// How the last run that failed ended, until a later one has ended its first trigger.
    public var failure: QueryFailure?
    /// Counts since the monitor began.
    public var counts: QueryCounts
    /// Runs after the first that began in the last hour, as far back as ``MonitorSettings/maximumTransitions`` remembers.
    public var restartsInLastHour: Int

    /// Seconds since the last sign of life.
    public var lastEventAgeSeconds: Double?
    /// Seconds since the last progress came.
    public var lastProgressAgeSeconds: Double?
    /// When the query will count as silent if nothing comes.
    public var silenceDeadline: MonitorTime?

    /// The last batch's number.
    public var batchId: Int64?
    /// Rows that the last trigger read.
    public var inputRows: Int64?
    /// Rows that the last trigger wrote; nil where the sink does not count.
    public var outputRows: Int64?
    /// Rows a second arriving, as the last progress says; 0 when idle, nil once the run has ended.
    public var inputRowsPerSecond: Double?
    /// Rows a second processed, as the last progress says; 0 when idle, nil once the run has ended.
    public var processedRowsPerSecond: Double?
    /// Rows a second read over ``MonitorSettings/window``.
    public var sustainedInputRowsPerSecond: Double?
    /// Rows a second that can be processed, over ``MonitorSettings/window``: rows ÷ time of work.
    public var sustainedProcessedRowsPerSecond: Double?
    /// How the last batches compare with what arrives.
    public var pressure: InputPressure
    /// How long the last trigger took.
    public var batchDurationSeconds: Double?
    /// The trigger interval, given or found; nil where unknown or none.
    public var triggerIntervalSeconds: Double?
    /// The share of the time in which a trigger runs, over the window.
    public var busyRatio: Double?
    /// Seconds of the last trigger by phase, without the whole.
    public var phaseSeconds: [String: Double]
    /// Mean lengths and shares of the phases over the window, the largest first.
    public var phases: [PhaseShare]

    /// The watermark of the last progress.
    public var watermark: MonitorTime?
    /// Seconds from the watermark to now, by the query's own clock; to the last trigger once the run has ended.
    public var watermarkDelaySeconds: Double?
    /// What it keeps in state; nil for a query without.
    public var stateUse: StateUse?
    /// The state stores' own counters, summed over the operators; at most ``maximumCustomMetrics``, the first by name.
    public var customMetrics: [String: Int64]

    /// Each source's lag, in the order of the plan.
    public var lags: [SourceLag]
    /// Records that wait in all sources that say so; nil where none does.
    public var lagRecords: Int64?
    /// Bytes that wait in all sources that say so.
    public var lagBytes: Int64?
    /// Files that wait in all sources that say so.
    public var lagFiles: Int64?
    /// Seconds of work that wait in the source with most of it.
    public var lagSeconds: Double?
    /// Seconds until the slowest source has caught up; nil where one never does or it is not known.
    public var catchUpSeconds: Double?

    /// Whether it has the right size.
    public var sizing: SizingVerdict
    /// The sink's own words.
    public var sink: String?

    /// Counters of the state stores that are kept.
    public static let maximumCustomMetrics = 256

    /// The name, or the id where there is none, or only blanks: what rows and labels show.
    public var title: String { Self.title(name: name, id: id) }

    static func title(name: String?, id: UUID) -> String {
        name.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 } ?? id.uuidString.lowercased()
    }
}

extension QueryMonitor {
    /// What is known of the query at a moment, which is not before the last one the monitor was told.
    public func snapshot(at now: MonitorTime) -> QuerySnapshot {
        let now = max(now, clock ?? now)
        let lags = self.lags
        let interval = triggerInterval?.nonNegativeMilliseconds ?? 0
        let isEnded = state.isEnded
        func known(_ values: [Int64?]) -> Int64? {
            let known = values.compactMap { $0 }
            return known.isEmpty ? nil : known.reduce(Int64(0)) { $0.addingSaturated($1) }
        }
        let stateUse = self.stateUse
        let phases = batches.phases
        return QuerySnapshot(
            at: now, id: id, runId: runId, name: name, state: state, stateReason: stateReason,
            stateSeconds: stateSince.map { max(0, now.seconds(since: $0)) }, runSince: runSince, failure: failure,
            counts: counts, restartsInLastHour: restarts.count { now.seconds(since: $0) <= 3600 },
            lastEventAgeSeconds: heardAt.map { max(0, now.seconds(since: $0)) },
            lastProgressAgeSeconds: progressAt.map { max(0, now.seconds(since: $0)) },
            silenceDeadline: silenceDeadline, batchId: lastProgress?.batchId, inputRows: lastProgress?.numInputRows,
            outputRows: lastProgress?.sink.numOutputRows.flatMap { $0 >= 0 ? $0 : nil },
            inputRowsPerSecond: rate(lastProgress?.inputRowsPerSecond),
            processedRowsPerSecond: rate(lastProgress?.processedRowsPerSecond),
            sustainedInputRowsPerSecond: isEnded ? nil : batches.inputRowsPerSecond,
            sustainedProcessedRowsPerSecond: isEnded ? nil : batches.processedRowsPerSecond, pressure: pressure,
            batchDurationSeconds: lastProgress?.triggerMilliseconds.map { Double($0) / 1000 },
            triggerIntervalSeconds: interval > 0 ? Double(interval) / 1000 : nil,
            busyRatio: isEnded ? nil : batches.busyRatio, phaseSeconds: phaseSeconds, phases: phases,
            watermark: watermark, watermarkDelaySeconds: watermarkDelay(at: now), stateUse: stateUse,
            customMetrics: customMetrics, lags: lags, lagRecords: known(lags.map(\.records)),
            lagBytes: known(lags.map(\.bytes)), lagFiles: known(lags.map(\.files)),
            lagSeconds: lags.compactMap(\.secondsBehind).max(), catchUpSeconds: catchUp(lags),
            sizing: SizingVerdict(
                SizingEvidence(
                    batches: batches, interval: interval, pressure: pressure, lags: lags, stateUse: stateUse,
                    phases: phases)),
            sink: lastProgress?.sink.description)
    }

    private func rate(_ value: Double?) -> Double? {
        if state.isEnded { return nil }
        if state == .idle { return 0 }
        return value?.ifFinite
    }

    private var phaseSeconds: [String: Double] {
        guard let phases = lastProgress?.durationMs else { return [:] }
        var seconds = [String: Double](minimumCapacity: phases.count)
        for (phase, milliseconds) in phases where phase != "triggerExecution" {
            seconds[phase] = Double(max(0, milliseconds)) / 1000
        }
        return seconds
    }

    private func watermarkDelay(at now: MonitorTime) -> Double? {
        guard let delay = watermarkDelayAtProgress else { return nil }
        guard !state.isEnded, let progressAt else { return delay }
        return delay + max(0, now.seconds(since: progressAt))
    }

    private func catchUp(_ lags: [SourceLag]) -> Double? {
        let known = lags.filter { $0.records != nil }
        let times = known.compactMap(\.catchUpSeconds)
        return times.count == known.count ? times.max() : nil
    }

    private var customMetrics: [String: Int64] {
        let sums = CustomMetrics.sums(of: lastProgress?.stateOperators ?? [])
        guard sums.count > QuerySnapshot.maximumCustomMetrics else { return sums }
        let kept = sums.sorted { $0.key < $1.key }.prefix(QuerySnapshot.maximumCustomMetrics)
        return Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
}
