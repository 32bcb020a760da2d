import StreamingMetrics

/// How far one partition of a source is behind.
public struct PartitionLag: Sendable, Hashable, Codable {
    /// The topic.
    public var topic: String
    /// The partition's number as the offset writes it.
    public var partition: String
    /// The offset that the last trigger read up to; nil where it says none.
    public var endOffset: Int64?
    /// The newest offset that the source knew when that trigger began; nil where it says none.
    public var latestOffset: Int64?
    /// Records between the two, 0 and up; nil where one of them is unknown.
    public var records: Int64?
    /// Seconds of work that wait in it: ``records`` ÷ the records of this partition that the query could process in a second. That is
    /// the part of ``SourceLag/processedRowsPerSecond`` that fell to it lately, by how far each partition was read. 0 where nothing
    /// waits, nil where nothing of it was read.
    public var secondsBehind: Double?
    /// Records by which ``records`` grew in a second since a trigger that is at most ``MonitorSettings/window`` ago, or two triggers where
    /// these are longer; negative where it shrank. Nil until the partition has been seen for three triggers or a quarter of the window, and again after the offsets of any
    /// partition of the source have gone back; nil as well in a source that has had more than 4,096 partitions for a window.
    public var trendPerSecond: Double?
    /// Seconds until nothing waits: ``records`` ÷ (what the query could process of it in a second − what arrived of it). 0 where
    /// nothing waits, nil where it never comes to that at these rates, as where it grows because of a limit, or one of them is unknown.
    public var catchUpSeconds: Double?

    /// Whether its lag is known and no rate of the window will ever end it: what can be processed of it is not more than what arrives, or
    /// nothing of it is read while it grows.
    public var neverCatchesUp: Bool {
        guard let records, records > 0, catchUpSeconds == nil else { return false }
        return (secondsBehind ?? 0) > 0 || (trendPerSecond ?? 0) > 0
    }
}

/// How far a source is behind, and whether it catches up, from its progress alone.
///
/// Unknown is nil and never 0: file sources and most others do not say what lies before them.
public struct SourceLag: Sendable, Hashable, Codable {
    /// The source's place in the query's plan, from 0.
    public var index: Int
    /// The source's own words, such as `KafkaV2[Subscribe[orders]]`; empty where it says none.
    public var description: String
    /// What names it in a label: its place and its words, without the address of an object, which is another in each run, and at
    /// most 200 bytes of them.
    public var label: String
    /// Records between what the last trigger read up to and the newest known: Σ (`latestOffset` − `endOffset`) over the
    /// partitions of which both are known, else `avgOffsetsBehindLatest` × partitions. 0 where both offsets are the same.
    public var records: Int64?
    /// The records of the partition that is behind most.
    public var maximumPartitionRecords: Int64?
    /// Partitions whose part in ``records`` is not known.
    public var unknownPartitions = 0
    /// Files that wait, where the source says so (`numFilesOutstanding`).
    public var files: Int64?
    /// Bytes that wait, where the source says so (`numBytesOutstanding`).
    public var bytes: Int64?
    /// Seconds of work that wait: ``records`` ÷ ``processedRowsPerSecond``. 0 where nothing waits.
    public var secondsBehind: Double?
    /// Records by which the lag grows in a second, over ``MonitorSettings/window`` (least squares); negative while it shrinks.
    public var trendPerSecond: Double?
    /// Records that arrive in a second: how fast the newest offset moves; where it is not known, rows read ÷ time.
    public var inputRowsPerSecond: Double?
    /// Rows that are processed in a second of work, over the window: what the query could do.
    public var processedRowsPerSecond: Double?
    /// Seconds until nothing waits: ``records`` ÷ (``processedRowsPerSecond`` − ``inputRowsPerSecond``). 0 where nothing waits,
    /// nil where it never comes to that at these rates or one of them is unknown. It never does where the lag grows while the query has time
    /// to spare: a limit or a long trigger interval keeps it from what it could process.
    public var catchUpSeconds: Double?

    /// Whether the lag is known and no rate of the window will ever end it.
    public var neverCatchesUp: Bool {
        guard let records, records > 0, inputRowsPerSecond != nil, processedRowsPerSecond != nil else { return false }
        return catchUpSeconds == nil
    }
}

/// Follows one source of a run.
struct SourceTracker: Sendable, Hashable {
    private var source: SourceProgress
    private let words: String
    private var window: BatchWindow
    private var trend: TrendWindow
    /// The lag of the trigger before, which may be longer ago than the window.
    private var lagBefore: TrendWindow.Point?
    private var newest: TrendWindow
    private var marks: PartitionMarks
    private var backlog = SourceBacklog()
    /// When its lag, which is large, was first seen to be worked off soon, in milliseconds; nil while it is small or was not.
    private var workedOffSince: Int64?
    /// The least of its lag since that is a backlog; nil while it is none.
    private var riseStart: TrendWindow.Point?
    /// Whether its backlog has grown for long.
    private(set) var isRising = false

    init(_ source: SourceProgress, _ settings: MonitorSettings) {
        self.source = source
        words = Self.words(source.description ?? "")
        window = BatchWindow(settings)
        trend = TrendWindow(span: settings.window.nonNegativeMilliseconds)
        newest = TrendWindow(span: settings.window.nonNegativeMilliseconds)
        marks = PartitionMarks(span: settings.window.nonNegativeMilliseconds)
    }

    /// Whether this is the source that was followed.
    func follows(_ other: SourceProgress) -> Bool { other.description == source.description }

    /// Notes the source's part of a progress that is newer than all before.
    ///
    /// - Parameters:
    ///   - start: When the trigger started, in milliseconds.
    ///   - batch: The trigger's times if they can be compared with the one before; its rows are replaced by the source's.
    mutating func add(_ source: SourceProgress, start: Int64, batch: BatchWindow.Batch?) {
        self.source = source
        if var batch {
            batch.rows = max(0, source.numInputRows)
            batch.phases = MetricMap()
            window.add(batch)
        }
        let latest = source.latestOffset.flatMap { $0.isNull ? nil : $0 }
        let offsets = SourceOffsets(latest)
        backlog = SourceBacklog(source, latest, offsets)
        lagBefore = trend.points.last
        if let records { trend.add(Double(records), at: start) }
        if let offsets {
            // A partition more, or one that began anew, is a jump that no record made.
            if !marks.add(source, offsets, at: start) { newest.removeAll() }
            newest.add(offsets.partitions.reduce(0) { $0 + Double($1.offset ?? 0) }, at: start)
        }
    }

    /// Records behind after the last trigger; nil where unknown.
    var records: Int64? { backlog.records }

    /// Each partition's lag; empty where the offsets have another form.
    ///
    /// - Parameters:
    ///   - withTrends: Whether to tell more than how many records wait, which needs earlier offsets to be read as well.
    ///   - soon: A lag that is gone within so many seconds at the pace at which it shrinks does not grow.
    func partitions(withTrends: Bool, soon: Double) -> [PartitionLag] {
        guard let end = SourceOffsets(source.endOffset), let latest = SourceOffsets(source.latestOffset) else {
            return []
        }
        var lags = zip(latest.partitions, end.offsets(of: latest.partitions)).map { newest, read in
            PartitionLag(
                topic: newest.topic, partition: newest.partition, endOffset: read, latestOffset: newest.offset,
                records: SourceOffsets.records(from: read, to: newest.offset))
        }
        if withTrends {
            marks.complete(
                &lags, of: latest.partitions, processedRowsPerSecond: window.processedRowsPerSecond,
                isLimited: isLimited(soon: soon))
        }
        return lags
    }

    /// Seconds of work that wait; nil where unknown.
    var secondsBehind: Double? {
        guard let records else { return nil }
        return records == 0 ? 0 : window.processedRowsPerSecond.flatMap { Double.ratio(Double(records), $0) }
    }

    /// By how many records the lag grows in a second; nil where unknown.
    var trendPerSecond: Double? { trend.slopePerSecond() }

    /// Seconds until nothing waits at the pace at which the lag has shrunk since it was largest in the window; nil where it has not.
    var secondsToWorkOff: Double? {
        guard let last = trend.points.last, let before = lagBefore, before.time < last.time else { return nil }
        let largest = trend.recent.reduce(before) { $1.value >= $0.value ? $1 : $0 }
        let seconds = Double(last.time.subtractingSaturated(largest.time)) / 1000
        return largest.value > last.value ? Double.ratio(last.value * seconds, largest.value - last.value) : nil
    }

    /// Notes whether a large lag is worked off soon: it has so long to become small, for one that falls between two rises is worked off each
    /// time and may grow all the same.
    ///
    /// - Parameters:
    ///   - threshold: More seconds of work than this are large, less than half of it small.
    ///   - soon: Within how many seconds it must be gone.
    ///   - limit: How many seconds it is believed.
    /// - Returns: Whether it is, and is believed.
    mutating func noteWorkingOff(above threshold: Double, soon: Double, limit: Double, at time: Int64) -> Bool {
        guard let seconds = secondsBehind, seconds > threshold / 2 else {
            workedOffSince = nil
            return false
        }
        guard let left = secondsToWorkOff, left <= soon else { return false }
        // Where the clock was set back it begins anew.
        let since = min(workedOffSince ?? time, time)
        workedOffSince = since
        return Double(time.subtractingSaturated(since)) / 1000 <= limit
    }

    /// Notes whether the lag is a backlog, which is large and is not worked off. One that has grown since it was least, for the length of a
    /// window and by a quarter of the work that is much, comes of no burst as long as it goes on.
    mutating func noteRise(isBacklog: Bool, at time: Int64, _ settings: MonitorSettings) {
        isRising = false
        guard isBacklog, let records, let seconds = secondsBehind else { return riseStart = nil }
        let value = Double(records)
        guard let least = riseStart, least.time <= time, least.value <= value else {
            return riseStart = TrendWindow.Point(time: time, value: value)
        }
        let length = time.subtractingSaturated(least.time)
        let needed = Double(settings.behindLag.nonNegativeMilliseconds) / 4000
        isRising =
            length >= settings.window.nonNegativeMilliseconds && value > least.value && secondsToWorkOff == nil
            && seconds * (value - least.value) >= needed * value
    }

    /// Whether what waits is not worked off although the query rests: what it could process says nothing of what it will.
    private func isLimited(soon: Double) -> Bool {
        guard let busy = window.busyRatio, busy < SizingVerdict.highUse else { return false }
        return secondsToWorkOff.map { $0 > soon } ?? true
    }

    /// Records that arrive in a second.
    private var arrivingPerSecond: Double? {
        newest.slopePerSecond().map { max(0, $0) } ?? window.inputRowsPerSecond
    }

    /// Whether no more could be processed than arrives.
    var isOutpaced: Bool {
        guard let arriving = arrivingPerSecond, let possible = window.processedRowsPerSecond else { return false }
        return possible <= arriving
    }

    /// All that is known of it.
    ///
    /// - Parameters:
    ///   - index: The source's place in the plan.
    ///   - soon: A lag that is gone within so many seconds at the pace at which it shrinks does not grow.
    func lag(index: Int, soon: Double) -> SourceLag {
        var lag = SourceLag(index: index, description: source.description ?? "", label: "\(index): \(words)")
        lag.records = records
        lag.maximumPartitionRecords = backlog.maximumPartitionRecords
        lag.unknownPartitions = backlog.unknownPartitions
        lag.files = SourceBacklog.whole(source.metrics["numFilesOutstanding"])
        lag.bytes = SourceBacklog.whole(source.metrics["numBytesOutstanding"])
        lag.secondsBehind = secondsBehind
        lag.trendPerSecond = trendPerSecond
        lag.inputRowsPerSecond = arrivingPerSecond
        lag.processedRowsPerSecond = window.processedRowsPerSecond
        lag.catchUpSeconds = catchUp(lag, soon: soon)
        return lag
    }

    private static func words(_ description: String) -> String {
        var text = description
        if let at = text.lastIndex(of: "@"), text[at...].dropFirst().allSatisfy(\.isHexDigit) {
            text = String(text[..<at])
        }
        return text.prefix(utf8Bytes: 200)
    }

    private func catchUp(_ lag: SourceLag, soon: Double) -> Double? {
        guard let records = lag.records else { return nil }
        if records == 0 { return 0 }
        if let trend = lag.trendPerSecond, trend > 0, isLimited(soon: soon) { return nil }
        guard let input = lag.inputRowsPerSecond, let processed = lag.processedRowsPerSecond else { return nil }
        return Double.ratio(Double(records), processed - input)
    }
}
