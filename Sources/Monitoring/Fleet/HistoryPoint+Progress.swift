public import StreamingMetrics

extension HistoryPoint {
    /// What one progress says by itself, whatever came before it: the point that charts draw, in full precision and without
    /// custom metrics.
    ///
    /// - Parameters:
    ///   - progress: The progress.
    ///   - time: When it came, for one whose own time cannot be read.
    public init(_ progress: StreamingQueryProgress, takenAt time: MonitorTime) {
        let operators = progress.stateOperators
        func sum(_ values: [Int64]) -> Double? {
            values.isEmpty ? nil : values.reduce(0) { $0 + Double(max(0, $1)) }
        }
        let start = progress.timestamp.millisecondsSinceEpoch.map { MonitorTime(millisecondsSinceEpoch: $0) }
        var phaseSeconds: [String: Double] = [:]
        for pair in progress.durationMs.pairs where pair.key != "triggerExecution" {
            phaseSeconds[pair.key] = Double(max(0, pair.value)) / 1000
        }
        self.init(
            time: start ?? time + .milliseconds(-(progress.triggerMilliseconds ?? 0)),
            batchId: progress.batchId.map { max(0, $0) }, inputRows: Double(max(0, progress.numInputRows)),
            inputRowsPerSecond: progress.inputRowsPerSecond?.ifFinite,
            processedRowsPerSecond: progress.processedRowsPerSecond?.ifFinite,
            durationSeconds: progress.triggerMilliseconds.map { Double($0) / 1000 },
            lagRecords: sum(progress.sources.compactMap { SourceBacklog($0).records }),
            watermarkDelaySeconds: Self.watermarkDelay(of: progress, startedAt: start),
            stateRows: sum(operators.map(\.numRowsTotal)), stateBytes: sum(operators.compactMap(\.memoryUsedBytes)),
            lateRows: sum(operators.compactMap(\.numRowsDroppedByWatermark)),
            stateRowsUpdated: sum(operators.map(\.numRowsUpdated)),
            stateRowsRemoved: sum(operators.compactMap(\.numRowsRemoved)), phaseSeconds: phaseSeconds)
    }

    /// A point at a time of which nothing is known.
    public init(time: MonitorTime, batchId: Int64? = nil) {
        self.init(
            time: time, batchId: batchId, inputRows: nil, inputRowsPerSecond: nil, processedRowsPerSecond: nil,
            durationSeconds: nil, lagRecords: nil, watermarkDelaySeconds: nil, stateRows: nil, stateBytes: nil,
            lateRows: nil, stateRowsUpdated: nil, stateRowsRemoved: nil, phaseSeconds: [:])
    }

    /// Nil where there is no watermark, or it has not moved from 1970 yet.
    private static func watermarkDelay(
        of progress: StreamingQueryProgress, startedAt start: MonitorTime?
    ) -> Double? {
        guard let start, let text = progress.eventTime["watermark"],
            let watermark = ProgressTimestamp(text: text).millisecondsSinceEpoch, watermark > 0
        else { return nil }
        return start.seconds(since: MonitorTime(millisecondsSinceEpoch: watermark))
    }
}
