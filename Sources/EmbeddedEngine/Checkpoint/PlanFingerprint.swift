import StreamingMetrics
import StructuredStreaming

/// What a query's state and offsets mean, kept in the hidden file `.streamgauge.plan` of its checkpoint:
///
///     {"version":1,"source":"json file:/data/in","keys":["gt"],"aggregates":["count(1)"]}
///
/// Spark compares only types, so that a query that groups by another column of the same type goes on silently with old and
/// new keys mixed. A checkpoint without the file, such as one that Spark made, is taken as it is and gets one.
struct PlanFingerprint: Sendable, Hashable {
    /// The source's format and path.
    var source: String
    /// The grouping expressions; empty without an aggregation.
    var keys: [String]
    /// The aggregates in the order of their buffers.
    var aggregates: [String]

    /// The file's name.
    static let fileName = ".streamgauge.plan"
    private static let version: Int64 = 1

    /// The fingerprint of a plan over a source.
    init(_ plan: PhysicalPlan, source: String) {
        self.source = source
        keys = plan.statefulAggregate?.keys.map(\.text) ?? []
        aggregates =
            plan.statefulAggregate.map { aggregate in
                zip(aggregate.functions, aggregate.arguments).map { function, argument in
                    "\(function.function.rawValue)(\(argument?.text ?? "1"))"
                }
            } ?? []
    }

    /// Compares with the checkpoint's file and writes it where there is none.
    ///
    /// - Throws: ``EngineError/Code/checkpointIncompatible`` when the checkpoint belongs to another query.
    func check(_ checkpoint: CheckpointLocation) throws {
        let path = checkpoint.path + "/" + Self.fileName
        guard try checkpoint.files.exists(path) else {
            return try checkpoint.files.createAtomic(path, Array(jsonText.utf8), .overwrite)
        }
        let stored = try Self(reading: try checkpoint.files.read(path), path: path)
        for (what, before, now) in differences(stored) {
            throw EngineError(
                .checkpointIncompatible,
                "the checkpoint \(checkpoint.path) belongs to another query: its \(what) was \(before) and is now \(now)",
                hint: "use a new checkpoint for the changed query; if both mean the same, delete \(path)")
        }
    }

    private func differences(_ stored: PlanFingerprint) -> [(what: String, before: String, now: String)] {
        var found: [(String, String, String)] = []
        if stored.source != source { found.append(("source", stored.source, source)) }
        if stored.keys != keys { found.append(("grouping", Self.list(stored.keys), Self.list(keys))) }
        if stored.aggregates != aggregates {
            found.append(("aggregation", Self.list(stored.aggregates), Self.list(aggregates)))
        }
        return found
    }

    private static func list(_ texts: [String]) -> String { texts.isEmpty ? "none" : texts.joined(separator: ", ") }

    private var jsonText: String {
        JSONValue.object([
            .init("version", .integer(Self.version)), .init("source", .string(source)),
            .init("keys", .array(keys.map(JSONValue.string))),
            .init("aggregates", .array(aggregates.map(JSONValue.string))),
        ]).jsonText
    }

    private init(reading bytes: [UInt8], path: String) throws {
        func damaged(_ reason: String) -> EngineError {
            EngineError(
                .checkpointCorrupt, "cannot read \(path): \(reason)",
                hint: "delete the file if the query is the one that made the checkpoint")
        }
        let value: JSONValue
        do {
            value = try bytes.withUnsafeBytes { try JSONValue(parsing: $0) }
        } catch {
            throw damaged("\(error)")
        }
        guard let version = value["version"]?.int64, version <= Self.version else {
            throw damaged("it was written by a newer version")
        }
        guard let source = value["source"]?.string, let keys = value["keys"]?.elements,
            let aggregates = value["aggregates"]?.elements
        else { throw damaged("source, keys and aggregates are needed") }
        self.source = source
        self.keys = keys.compactMap(\.string)
        self.aggregates = aggregates.compactMap(\.string)
    }
}
