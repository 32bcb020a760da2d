import Foundation
import StreamingMetrics
import Testing

/// One recorded line of a real Spark, with what the index says about it.
struct RecordedEvent: CustomTestStringConvertible {
    let file: String
    let line: Int
    let spark: String
    let event: String
    let api: String
    let bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var testDescription: String { "\(file):\(line)" }

    /// Whether the line is a bare progress as listeners forward it.
    var isCanonical: Bool { api == "progress.json" }

    /// All recorded lines in the order of the index.
    static let all: [RecordedEvent] = {
        do { return try load() } catch { fatalError("the fixtures cannot be read: \(error)") }
    }()

    private static func load() throws -> [RecordedEvent] {
        let root = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures")
        var files: [String: [Data]] = [:]
        let index = try Data(contentsOf: root.appendingPathComponent("index.jsonl"))
        return try index.split(separator: 0x0A).map { line in
            let entry = try JSONDecoder().decode(Entry.self, from: line)
            if files[entry.file] == nil {
                let path = entry.file.hasPrefix("connect-") ? entry.file : "spark-" + entry.file
                files[entry.file] = try Data(contentsOf: root.appendingPathComponent(path)).split(separator: 0x0A)
            }
            let bytes = try #require(files[entry.file])[entry.line - 1]
            return RecordedEvent(
                file: entry.file, line: entry.line, spark: entry.spark, event: entry.event, api: entry.api,
                bytes: [UInt8](bytes))
        }
    }

    private struct Entry: Decodable {
        var file: String
        var line: Int
        var spark: String
        var event: String
        var api: String
    }
}
