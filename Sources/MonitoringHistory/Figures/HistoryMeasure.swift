import Monitoring

/// What is kept of each trigger, and how it is rolled up.
///
/// Every value is kept as a whole number of thousandths or of wholes, so that sums are exact: they do not depend on the order in which
/// events came, and a history that is made anew is equal to the last digit.
public enum HistoryMeasure: Int, Sendable, Hashable, CaseIterable {
    /// Rows read.
    case inputRows
    /// Rows a second arriving, as the progress says.
    case inputRowsPerSecond
    /// Rows a second processed, as the progress says.
    case processedRowsPerSecond
    /// How long the trigger took, in seconds.
    case durationSeconds
    /// Records that waited when the trigger began.
    case lagRecords
    /// Seconds from the watermark to the trigger's start.
    case watermarkDelaySeconds
    /// Rows in state.
    case stateRows
    /// Bytes of state in memory.
    case stateBytes
    /// Late rows dropped.
    case lateRows
    /// Rows of state that were written. Since version 2 of the file.
    case stateRowsUpdated
    /// Rows of state that were removed. Since version 2 of the file.
    case stateRowsRemoved

    /// Those that files of version 1 do not have.
    static let later: [HistoryMeasure] = [.stateRowsUpdated, .stateRowsRemoved]

    /// The name in JSON and CSV.
    public var name: String {
        switch self {
        case .inputRows: "inputRows"
        case .inputRowsPerSecond: "inputRowsPerSecond"
        case .processedRowsPerSecond: "processedRowsPerSecond"
        case .durationSeconds: "durationSeconds"
        case .lagRecords: "lagRecords"
        case .watermarkDelaySeconds: "watermarkDelaySeconds"
        case .stateRows: "stateRows"
        case .stateBytes: "stateBytes"
        case .lateRows: "lateRows"
        case .stateRowsUpdated: "stateRowsUpdated"
        case .stateRowsRemoved: "stateRowsRemoved"
        }
    }

    /// Whether each trigger has rows of its own, so that a sum over them says something. Of the others it does not.
    public var isCounted: Bool {
        switch self {
        case .inputRows, .lateRows, .stateRowsUpdated, .stateRowsRemoved: true
        default: false
        }
    }

    /// The column of the tables; its unit is its end.
    var column: String {
        switch self {
        case .inputRows: "input_rows"
        case .inputRowsPerSecond: "input_millirows_per_second"
        case .processedRowsPerSecond: "processed_millirows_per_second"
        case .durationSeconds: "duration_ms"
        case .lagRecords: "lag_records"
        case .watermarkDelaySeconds: "watermark_delay_ms"
        case .stateRows: "state_rows"
        case .stateBytes: "state_bytes"
        case .lateRows: "late_rows"
        case .stateRowsUpdated: "state_rows_updated"
        case .stateRowsRemoved: "state_rows_removed"
        }
    }

    /// How many of the column's units are one.
    var scale: Double {
        switch self {
        case .inputRowsPerSecond, .processedRowsPerSecond, .durationSeconds, .watermarkDelaySeconds: 1000
        default: 1
        }
    }

    /// Where a point has it.
    var path: WritableKeyPath<HistoryPoint, Double?> {
        switch self {
        case .inputRows: \.inputRows
        case .inputRowsPerSecond: \.inputRowsPerSecond
        case .processedRowsPerSecond: \.processedRowsPerSecond
        case .durationSeconds: \.durationSeconds
        case .lagRecords: \.lagRecords
        case .watermarkDelaySeconds: \.watermarkDelaySeconds
        case .stateRows: \.stateRows
        case .stateBytes: \.stateBytes
        case .lateRows: \.lateRows
        case .stateRowsUpdated: \.stateRowsUpdated
        case .stateRowsRemoved: \.stateRowsRemoved
        }
    }

    /// The value in the column's units; nil where there is none.
    func stored(_ point: HistoryPoint) -> Int64? {
        guard let value = point[keyPath: path], value.isFinite else { return nil }
        // Beyond this a double has no whole numbers of its own, and sums of them would not fit.
        return Int64(max(-Self.largest, min(Self.largest, value * scale)).rounded())
    }

    private static let largest = 0x1p52
}
