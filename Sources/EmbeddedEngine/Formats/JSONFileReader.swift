import CSimdJSON
import Glibc
import StructuredStreaming

/// Reads the records of one JSON-lines file, or of a slice of it, into batches of wanted columns.
///
///     file → chunks of whole lines → structural index (simdjson) → record walk (C++) → columns
///                                                    └ lines it hands back → JSONRecordParser ┘
///
/// The fast way takes lines that are one correct JSON object whose wanted fields have values of the usual spellings, and
/// in PERMISSIVE mode values of plainly wrong types; every other line is read by ``JSONRecordParser``, which knows all of
/// Spark's rules. Texts are dictionary-coded until a column turns
/// out to have too many of them; the codes of one reader's batches agree.
///
/// Not `Sendable`: one task reads a file from end to end.
final class JSONFileReader {
    /// The columns of every batch.
    let schema: StructType
    /// Rows produced so far.
    private(set) var rowCount = 0
    /// Lines so far that could not be read, wholly or in a wanted field; in DROPMALFORMED mode those that were left out.
    var malformedLineCount: Int { exactMalformedLineCount + sg_json_corrupt_count(columns.handle) }

    /// Lines so far that the fast way handed back to the record parser.
    private(set) var handedBackLineCount = 0

    private var exactMalformedLineCount = 0
    private let path: String
    private let options: JSONOptions
    private let chunks: JSONLineChunks
    private let parser: JSONRecordParser
    private let columns: NativeColumns
    private let corruptColumn: Int?

    /// Opens a file. `schema` has the columns that are wanted, perhaps none; `slice` is a range of byte positions, and
    /// lines that begin in it are read.
    ///
    /// Throws ``EngineError/Code/unsupported`` for columns of nested, decimal and binary types and for compressed files,
    /// and what opening a file throws.
    init(
        path: String, schema: StructType, options: JSONOptions = JSONOptions(), slice: Range<Int>? = nil,
        chunkBytes: Int = 1 << 18
    ) throws(EngineError) {
        if path.hasSuffix(".gz") || path.hasSuffix(".bz2") || path.hasSuffix(".zst") {
            throw EngineError(
                .unsupported, "cannot read '\(path)': compressed JSON files are not supported",
                hint: "decompress the files")
        }
        self.path = path
        self.schema = schema
        self.options = options
        corruptColumn = schema.fields.firstIndex { $0.name == options.columnNameOfCorruptRecord }
        if let corruptColumn, schema.fields[corruptColumn].dataType != .string {
            throw EngineError(
                .illegalArgument,
                "the corrupt-record column '\(options.columnNameOfCorruptRecord)' is not of type string",
                hint: "make it a string or name another with columnNameOfCorruptRecord")
        }
        parser = JSONRecordParser(fields: schema.fields, options: options)
        columns = try NativeColumns(schema: schema, options: options)
        if options.mode == .permissive {
            sg_json_keep_wrong_types(columns.handle, corruptColumn.map(Int32.init) ?? -1)
        }
        chunks = try JSONLineChunks(path: path, slice: slice, chunkBytes: chunkBytes)
    }

    /// The rows of the next chunk, at least one; nil at the end.
    ///
    /// Throws ``EngineError/Code/malformedRecord`` in FAILFAST mode and ``EngineError/Code/inputOutput``.
    func nextBatch() throws(EngineError) -> ColumnBatch? {
        while let chunk = try chunks.next() {
            sg_json_begin(columns.handle, chunk.baseAddress, chunk.count)
            try readLines(of: chunk)
            let count = columns.rowCount
            guard count > 0 else { continue }
            rowCount += count
            return columns.takeBatch()
        }
        return nil
    }

    private func readLines(of chunk: UnsafeBufferPointer<UInt8>) throws(EngineError) {
        var (start, end) = (0, 0)
        while true {
            switch sg_json_next(columns.handle, &start, &end) {
            case SG_JSON_DONE: return
            case SG_JSON_LINE: try appendLine(UnsafeBufferPointer(rebasing: chunk[start..<end]))
            default: throw NativeColumns.noMemory
            }
        }
    }

    private func appendLine(_ line: UnsafeBufferPointer<UInt8>) throws(EngineError) {
        handedBackLineCount += 1
        let records: [JSONRecordParser.Record]
        var isCorrupt = true
        switch parser.parse(line) {
        case .records(let parsed, let hasWrongField): (records, isCorrupt) = (parsed, hasWrongField)
        case .malformed: records = [.init(values: [Value](repeating: .null, count: schema.fields.count))]
        }
        if isCorrupt {
            exactMalformedLineCount += 1
            switch options.mode {
            case .permissive: break
            case .dropMalformed: return
            case .failFast: throw malformed(line)
            }
        }
        for record in records {
            var values = record.values
            if isCorrupt, let corruptColumn { values[corruptColumn] = .string(String(decoding: line, as: UTF8.self)) }
            try columns.append(values)
        }
    }

    private func malformed(_ line: UnsafeBufferPointer<UInt8>) -> EngineError {
        let shown = String(decoding: line.prefix(200), as: UTF8.self) + (line.count > 200 ? "…" : "")
        return EngineError(
            .malformedRecord, "malformed record in '\(path)', parse mode FAILFAST: \(shown)",
            hint: "set the option mode to PERMISSIVE to read malformed records as null")
    }
}
