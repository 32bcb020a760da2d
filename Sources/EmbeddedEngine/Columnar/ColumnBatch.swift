import StructuredStreaming

/// Some rows, column by column: what flows from source to sink.
struct ColumnBatch: Sendable {
    /// Names and types of the columns.
    var schema: StructType
    /// One vector a column, each of ``rowCount`` rows.
    var columns: [ColumnVector]
    /// How many rows; needed apart from the columns since a batch may have none (`SELECT count(*)` needs no column).
    var rowCount: Int

    /// A row's values, for the edges of the engine where rows are needed.
    func row(_ index: Int) -> [Value] { columns.map { $0[index] } }
}
