import StructuredStreaming

/// A file of JSON lines, or a piece of a large one, to be read by one worker.
struct FileScanTask: ScanTask {
    let path: String
    /// The bytes in which a line must begin to belong to this piece; nil for the whole file.
    let slice: Range<Int64>?
    let options: JSONOptions

    /// Files larger than this are read in pieces, so that one large file keeps every worker busy.
    static let sliceBytes: Int64 = 32 << 20

    /// The pieces of a file.
    static func tasks(path: String, size: Int64, options: JSONOptions) -> [FileScanTask] {
        guard size > 2 * sliceBytes, !path.hasSuffix(".gz") else {
            return [FileScanTask(path: path, slice: nil, options: options)]
        }
        return stride(from: 0, to: size, by: Int(sliceBytes)).map { start in
            FileScanTask(path: path, slice: start..<min(start + sliceBytes, size), options: options)
        }
    }

    func open(columns: StructType, reusing last: (any BatchReader)?) throws -> any BatchReader {
        if let last = last as? FileBatchReader, last.columns == columns, last.options == options {
            try last.open(path: path, slice: slice)
            return last
        }
        return try FileBatchReader(path: path, slice: slice, columns: columns, options: options)
    }
}
