import StreamingMetrics

/// What the partitions of a source were like a while ago, so that it can be told how each of them moves.
///
/// Kept are the offsets of two to five triggers of the window, as the texts that they came in: a trigger then costs a comparison for
/// each partition, and what has become of them is worked out when somebody asks. That is some 70 bytes for a partition, and up to 160 while there come new ones.
struct PartitionMarks: Sendable, Hashable {
    /// One trigger's offsets.
    private struct Mark: Sendable, Hashable {
        var time: Int64
        var trigger: UInt64
        var end: JSONValue
        var latest: JSONValue
    }

    /// Of a source with more partitions no trend is told.
    static let maximumPartitions = 4096
    private static let maximumMarks = 4

    private let lookBack: LookBack
    private var span: Int64 { lookBack.span }
    private var marks: [Mark] = []
    private var triggers: UInt64 = 0
    private var lastTime: Int64?
    /// The time between the last two triggers.
    private var lastGap: Int64?
    /// The newest offsets of the last trigger in the order of their text, -1 for one that has none.
    private var newest: [Int64] = []

    /// Marks that reach back so many milliseconds.
    init(span: Int64) { lookBack = LookBack(span: max(1, span)) }

    /// Notes a trigger that started at a time. Where the clock was set back, or a partition's newest offset is below what it was, as of
    /// a topic that was deleted and made again, all begins anew.
    ///
    /// - Parameter latest: The newest offsets as they are in the source's progress.
    /// - Returns: Whether there are as many partitions as at the last trigger and none has gone back.
    mutating func add(_ source: SourceProgress, _ latest: SourceOffsets, at time: Int64) -> Bool {
        let isSame = latest.partitions.count == newest.count
        let wentBack = note(latest.partitions)
        if wentBack || lastTime.map({ time <= $0 }) == true { marks.removeAll() }
        removeOld(at: time)
        triggers &+= 1
        let isDue = marks.last.map { time.subtractingSaturated($0.time) >= span / 2 } ?? true
        // Of partitions that are new there should be a mark soon.
        if isDue || (!isSame && marks.count < Self.maximumMarks), newest.count <= Self.maximumPartitions,
            let latest = source.latestOffset
        {
            marks.append(Mark(time: time, trigger: triggers, end: source.endOffset, latest: latest))
        }
        return isSame && !wentBack
    }

    /// Where triggers are so far apart that none of the span is two triggers ago, one that is older is kept.
    private mutating func removeOld(at time: Int64) {
        let gap = lastTime.map { time.subtractingSaturated($0) }
        defer { (lastTime, lastGap) = (time, gap) }
        let oldest = time.subtractingSaturated(span)
        guard let gap, let first = marks.first, first.time < oldest else { return }
        let earliest = lookBack.earliest(at: time, gap: gap, before: lastGap)
        let recent = marks.firstIndex { $0.time >= oldest } ?? marks.count
        // Before this trigger there has been one after it.
        let trend = marks.lastIndex { $0.trigger < triggers && $0.time >= earliest }
        let old = trend ?? marks.firstIndex { $0.time >= earliest } ?? marks.count
        marks.removeFirst(min(recent, old))
    }

    /// Replaces the newest offsets; tells whether one has gone back. Which is whose is told by their places: sources write them in one
    /// order, and where one does not, it may begin anew in vain.
    private mutating func note(_ partitions: [SourceOffsets.Partition]) -> Bool {
        guard partitions.count == newest.count else {
            newest = partitions.map { $0.offset ?? -1 }
            return false
        }
        var wentBack = false
        for (index, partition) in partitions.enumerated() {
            let offset = partition.offset ?? -1
            if offset >= 0, offset < newest[index] { wentBack = true }
            newest[index] = offset
        }
        return wentBack
    }

    // MARK: Asking

    /// How a partition has moved since a mark, in records a second.
    private struct Motion {
        var arrived: Double
        var read: Double
        var lag: Double
    }

    /// Adds to each partition's lag what the marks tell of it.
    ///
    /// - Parameters:
    ///   - lags: The lags after the last trigger.
    ///   - partitions: The same partitions in the same order.
    ///   - processedRowsPerSecond: What the query could process of the whole source; nil where unknown.
    ///   - isLimited: Whether a limit keeps it from that, so that a lag which grows goes on to.
    func complete(
        _ lags: inout [PartitionLag], of partitions: [SourceOffsets.Partition], processedRowsPerSecond: Double?,
        isLimited: Bool
    ) {
        let motions = self.motions(of: lags, partitions)
        let read = motions.reduce(0) { $0 + ($1?.read ?? 0) }
        for index in lags.indices {
            let motion = motions[index]
            lags[index].trendPerSecond = motion?.lag
            guard let records = lags[index].records else { continue }
            if records == 0 { (lags[index].secondsBehind, lags[index].catchUpSeconds) = (0, 0) }
            guard records > 0, let motion, let rate = processedRowsPerSecond,
                let possible = Double.ratio(motion.read * rate, read)
            else { continue }
            lags[index].secondsBehind = Double.ratio(Double(records), possible)
            if isLimited, motion.lag > 0 { continue }
            lags[index].catchUpSeconds = Double.ratio(Double(records), possible - motion.arrived)
        }
    }

    /// By the oldest mark that knows the partition; later ones are read only for partitions that were not there yet.
    private func motions(of lags: [PartitionLag], _ partitions: [SourceOffsets.Partition]) -> [Motion?] {
        var motions = [Motion?](repeating: nil, count: lags.count)
        for mark in marks {
            guard let lastTime, isTrend(since: mark, lastTime), motions.contains(where: { $0 == nil }) else { break }
            // A first trigger may have read nothing yet.
            guard let end = SourceOffsets(mark.end), let latest = SourceOffsets(mark.latest) else { continue }
            let seconds = Double(lastTime.subtractingSaturated(mark.time)) / 1000
            let before = (read: end.offsets(of: partitions), newest: latest.offsets(of: partitions))
            for index in lags.indices where motions[index] == nil {
                motions[index] = Self.motion(
                    from: (before.read[index], before.newest[index]), to: lags[index], in: seconds)
            }
        }
        return motions
    }

    /// Two triggers that follow each other closely are no trend; marks after one that is none are none either.
    private func isTrend(since mark: Mark, _ time: Int64) -> Bool {
        triggers &- mark.trigger >= 2 || time.subtractingSaturated(mark.time) >= max(1, span / 4)
    }

    /// Nil where an offset is unknown or has gone back.
    private static func motion(
        from before: (read: Int64?, newest: Int64?), to lag: PartitionLag, in seconds: Double
    ) -> Motion? {
        guard let read = before.read, let newest = before.newest, let end = lag.endOffset,
            let latest = lag.latestOffset, end >= read, latest >= newest, seconds > 0,
            let records = lag.records, let recordsBefore = SourceOffsets.records(from: read, to: newest)
        else { return nil }
        return Motion(
            arrived: Double(latest - newest) / seconds, read: Double(end - read) / seconds,
            lag: Double(records - recordsBefore) / seconds)
    }
}
