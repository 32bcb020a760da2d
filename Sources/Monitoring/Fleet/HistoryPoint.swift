/// One progress of a query as charts draw it. Nil is a gap and not 0. Numbers keep seven digits.
public struct HistoryPoint: Sendable, Hashable, Codable {
    /// When the trigger started, by the progress' own words.
    public var time: MonitorTime
    /// The batch's number; nil before Spark 2.3.
    public var batchId: Int64?
    /// Rows read.
    public var inputRows: Double?
    /// Rows a second arriving, as the progress says.
    public var inputRowsPerSecond: Double?
    /// Rows a second processed, as the progress says.
    public var processedRowsPerSecond: Double?
    /// How long the trigger took, in seconds.
    public var durationSeconds: Double?
    /// Records that waited at the trigger's start, in all sources that say so.
    public var lagRecords: Double?
    /// Seconds from the watermark to the trigger's start.
    public var watermarkDelaySeconds: Double?
    /// Rows in state.
    public var stateRows: Double?
    /// Bytes of state in memory.
    public var stateBytes: Double?
    /// Late rows dropped.
    public var lateRows: Double?
    /// Rows of state that were written.
    public var stateRowsUpdated: Double?
    /// Rows of state that were removed; Spark tells them since 3.1.
    public var stateRowsRemoved: Double?
    /// Seconds by phase, without the whole trigger.
    public var phaseSeconds: [String: Double]
    /// The state stores' own counters by their names, summed over the operators. A ``QueryHistory`` keeps
    /// ``QueryHistory/maximumCustomMetrics`` of them at most; what is kept on disk has none.
    public var customMetrics: [String: Double] = [:]
}

extension HistoryPoint {
    /// Reads a point; one from before there were custom metrics has none.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys) throws -> Double? { try values.decodeIfPresent(Double.self, forKey: key) }
        self.init(
            time: try values.decode(MonitorTime.self, forKey: .time),
            batchId: try values.decodeIfPresent(Int64.self, forKey: .batchId), inputRows: try number(.inputRows),
            inputRowsPerSecond: try number(.inputRowsPerSecond),
            processedRowsPerSecond: try number(.processedRowsPerSecond),
            durationSeconds: try number(.durationSeconds), lagRecords: try number(.lagRecords),
            watermarkDelaySeconds: try number(.watermarkDelaySeconds), stateRows: try number(.stateRows),
            stateBytes: try number(.stateBytes), lateRows: try number(.lateRows),
            stateRowsUpdated: try number(.stateRowsUpdated), stateRowsRemoved: try number(.stateRowsRemoved),
            phaseSeconds: try values.decode([String: Double].self, forKey: .phaseSeconds),
            customMetrics: try values.decodeIfPresent([String: Double].self, forKey: .customMetrics) ?? [:])
    }
}
