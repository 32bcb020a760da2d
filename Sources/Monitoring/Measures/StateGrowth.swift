import StreamingMetrics

/// What a query keeps in state, and how fast it grows.
public struct StateUse: Sendable, Hashable, Codable {
    /// Rows in state after the last batch, summed over the operators.
    public var rows: Int64
    /// Bytes in memory, summed over the operators; nil where Spark does not say (before 2.3).
    public var bytes: Int64?
    /// Rows by which it grows in an hour, over ``MonitorSettings/growthWindow`` (least squares); negative while it shrinks, nil
    /// in the first minute.
    public var rowsPerHour: Double?
    /// Bytes by which it grows in an hour; as ``rowsPerHour``.
    public var bytesPerHour: Double?
    /// Shuffle partitions of the operator with the most; nil before Spark 3.2.
    public var partitions: Int64?
}

/// Follows the state of a query, across its runs.
struct StateTracker: Sendable, Hashable {
    private static let minimumCover: Int64 = 60_000
    private var rows: TrendWindow
    private var bytes: TrendWindow
    private var last: StateUse?

    init(_ settings: MonitorSettings) {
        rows = TrendWindow(span: settings.growthWindow.nonNegativeMilliseconds)
        bytes = TrendWindow(span: settings.growthWindow.nonNegativeMilliseconds)
    }

    /// Notes the operators of a progress; without any, the query keeps nothing.
    mutating func add(_ operators: [StateOperatorProgress], at time: Int64) {
        guard !operators.isEmpty else { return last = nil }
        let known = operators.compactMap(\.memoryUsedBytes)
        let total = operators.reduce(Int64(0)) { $0.addingSaturated(max(0, $1.numRowsTotal)) }
        let memory = known.isEmpty ? nil : known.reduce(Int64(0)) { $0.addingSaturated(max(0, $1)) }
        last = StateUse(rows: total, bytes: memory, partitions: operators.compactMap(\.numShufflePartitions).max())
        rows.add(Double(total), at: time)
        if let memory { bytes.add(Double(memory), at: time) }
    }

    /// What is known; nil for a query without state.
    var use: StateUse? {
        guard var use = last else { return nil }
        use.rowsPerHour = rows.slopePerSecond(minimumCover: Self.minimumCover).map { $0 * 3600 }
        use.bytesPerHour = bytes.slopePerSecond(minimumCover: Self.minimumCover).map { $0 * 3600 }
        return use
    }
}
