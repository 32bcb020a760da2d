import Foundation
import StructuredStreaming

@testable import EmbeddedEngine

/// A file in a folder of its own that goes away with it.
final class TemporaryFile {
    let path: String

    init(_ bytes: some Sequence<UInt8>, name: String = "lines.json") throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appending(path: name).path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    deinit {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        do { try FileManager.default.removeItem(at: folder) } catch { print("\(folder.path) is left: \(error)") }
    }
}

/// All rows that a reader gives.
func readRows(
    _ bytes: some Sequence<UInt8>, _ schema: StructType, _ options: JSONOptions = JSONOptions(),
    slice: Range<Int>? = nil, chunkBytes: Int = 1 << 20
) throws -> [[Value]] {
    let file = try TemporaryFile(bytes)
    let reader = try JSONFileReader(
        path: file.path, schema: schema, options: options, slice: slice, chunkBytes: chunkBytes)
    var rows: [[Value]] = []
    while let batch = try reader.nextBatch() {
        for vector in batch.columns where vector.count != batch.rowCount { throw WrongCount() }
        rows += (0..<batch.rowCount).map(batch.row)
    }
    if reader.rowCount != rows.count { throw WrongCount() }
    return rows
}

/// A vector whose length is not its batch's.
struct WrongCount: Error {}

/// What the record parser alone makes of lines, without the fast way.
func parsedRows(_ bytes: [UInt8], _ schema: StructType, _ options: JSONOptions = JSONOptions()) -> [[Value]] {
    let parser = JSONRecordParser(fields: schema.fields, options: options)
    let corrupt = schema.fields.firstIndex { $0.name == options.columnNameOfCorruptRecord }
    var rows: [[Value]] = []
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
        let outcome = Array(line).withUnsafeBufferPointer { parser.parse($0) }
        var (values, isCorrupt) = ([[Value](repeating: .null, count: schema.fields.count)], true)
        if case .records(let records, let hasWrongField) = outcome {
            (values, isCorrupt) = (records.map(\.values), hasWrongField)
        }
        for var row in values {
            if isCorrupt, let corrupt { row[corrupt] = .string(String(decoding: line, as: UTF8.self)) }
            rows.append(row)
        }
    }
    return rows
}

/// The lines of a fixture file recorded from Spark, parsed.
func fixtureLines(_ name: String) throws -> [[String: Any]] {
    let url = try fixtureURL("Fixtures/json/\(name)")
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
        guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return object
    }
}

private func fixtureURL(_ path: String) throws -> URL {
    guard let url = Bundle.module.resourceURL?.appending(path: path) else { throw CocoaError(.fileNoSuchFile) }
    return url
}
