import StructuredStreaming

/// Rows that are in memory already: given with the plan, or a memory sink's table.
struct LocalScanTask: ScanTask {
    let batches: [ColumnBatch]

    func open(columns: StructType) throws -> any BatchReader {
        LocalReader(batches.map { $0.selecting(columns) })
    }

    private final class LocalReader: BatchReader {
        private var rest: ArraySlice<ColumnBatch>
        init(_ batches: [ColumnBatch]) { rest = batches[...] }
        func next() throws -> ColumnBatch? { rest.popFirst() }
    }
}

extension ColumnBatch {
    /// The batch with these of its columns, in this order.
    func selecting(_ wanted: StructType) -> ColumnBatch {
        guard wanted != schema else { return self }
        let positions = wanted.fields.compactMap { field in schema.fields.firstIndex { $0.name == field.name } }
        return ColumnBatch(schema: wanted, columns: positions.map { columns[$0] }, rowCount: rowCount)
    }
}
