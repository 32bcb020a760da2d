import StreamingMetrics

/// What one batch reads, fixed before it runs: the end offset of every source, and what else must be the same when the
/// batch is run again.
struct OffsetSeq: Sendable, Hashable {
    /// Watermark, time and settings; nil if the file's second line is empty (very old or continuous queries).
    var metadata: OffsetSeqMetadata?
    /// The sources' end offsets in the order of the sources, each as the JSON text the source gave, nil for a source that
    /// has none yet.
    var offsets: [String?]
}

/// What an offsets file says about its batch besides the offsets.
struct OffsetSeqMetadata: Sendable, Hashable {
    /// The watermark in force while the batch runs, milliseconds since 1970.
    var batchWatermarkMs: Int64 = 0
    /// The batch's processing time, milliseconds since 1970; taken from here when it is run again, never from the clock.
    var batchTimestampMs: Int64 = 0
    /// The settings it was planned with.
    var conf = PinnedConfiguration()
    /// Members this engine does not know, kept for whoever does.
    var unknownMembers: [JSONValue.Member] = []
}

extension OffsetSeq {
    /// The file's text.
    var text: String {
        var lines = ["v1", metadata?.jsonText ?? ""]
        lines.append(contentsOf: offsets.map { $0 ?? "-" })
        return lines.joined(separator: "\n")
    }

    /// Reads a file.
    init(_ bytes: [UInt8], path: String) throws {
        let log = try LogText(bytes, path: path, repair: OffsetSeq.repair(path))
        guard let metadataLine = log.lines.first else {
            throw log.damage(0, "Incomplete log file, the batch's metadata is missing")
        }
        metadata = metadataLine.isEmpty ? nil : try OffsetSeqMetadata(log)
        offsets = try log.lines.indices.dropFirst().map { index in
            let line = log.lines[index]
            if line == "-" { return nil }
            do {
                _ = try JSONValue(parsing: String(line))
            } catch {
                throw log.damage(index, "a source's offset is no JSON (\(error))", cause: error)
            }
            return String(line)
        }
    }

    /// Throws unless there is one offset for each of the query's sources.
    func requireSources(_ count: Int, path: String) throws {
        guard offsets.count != count else { return }
        throw EngineError(
            .checkpointIncompatible,
            "cannot use \(path): There are [\(offsets.count)] sources in the checkpoint offsets and now there are "
                + "[\(count)] sources requested by the query. Cannot continue.",
            hint: offsets.isEmpty
                ? OffsetSeq.repair(path) : "restore the query's sources, or use a new checkpoint for the changed query")
    }

    private static func repair(_ path: String) -> String {
        "restore the file from a copy; or, if no file of that number is in commits, delete it, and the batch is planned anew"
    }
}

extension OffsetSeqMetadata {
    fileprivate init(_ log: LogText) throws {
        for member in try log.object(0) {
            switch member.key {
            case "batchWatermarkMs": batchWatermarkMs = try log.milliseconds(0, member)
            case "batchTimestampMs": batchTimestampMs = try log.milliseconds(0, member)
            case "conf":
                guard let entries = member.value.members else { throw log.damage(0, "conf must be an object") }
                conf = PinnedConfiguration(entries)
            default: unknownMembers.append(member)
            }
        }
    }

    fileprivate var jsonText: String {
        let known = [
            JSONValue.Member("batchWatermarkMs", .integer(batchWatermarkMs)),
            JSONValue.Member("batchTimestampMs", .integer(batchTimestampMs)),
            JSONValue.Member("conf", .object(conf.entries)),
        ]
        return JSONValue.object(known + unknownMembers).jsonText
    }
}

extension LogText {
    /// The whole number a member of line `index` must hold.
    func milliseconds(_ index: Int, _ member: JSONValue.Member) throws -> Int64 {
        guard let value = member.value.int64 else {
            throw damage(index, "\(member.key) must be a whole number of milliseconds")
        }
        return value
    }
}
