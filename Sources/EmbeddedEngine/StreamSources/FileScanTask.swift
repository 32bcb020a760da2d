import StructuredStreaming

/// A file of JSON lines, or a piece of a large one, to be read by one worker.
struct FileScanTask: ScanTask {
    let path: String
    /// The bytes in which a line must begin to belong to this piece; nil for the whole file.
    let slice: Range<Int>?
    let options: JSONOptions

    /// Files larger than this are read in pieces, so that one large file keeps every worker busy.
    static let sliceBytes = 32 << 20

    /// The pieces of a file.
    static func tasks(path: String, size: Int64, options: JSONOptions) -> [FileScanTask] {
        guard size > 2 * sliceBytes else {
            return [FileScanTask(path: path, slice: nil, options: options)]
        }
        return stride(from: 0, to: Int(size), by: sliceBytes).map { start in
            FileScanTask(path: path, slice: start..<min(start + sliceBytes, Int(size)), options: options)
        }
    }

    func open(columns: StructType) throws -> any BatchReader {
        try JSONFileReader(path: path, schema: columns, options: options, slice: slice)
    }
}

extension JSONFileReader: BatchReader {
    func next() throws -> ColumnBatch? { try nextBatch() }
}
