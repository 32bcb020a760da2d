import FoundationEssentials
import MetricsTopic
import StreamingMetrics

/// What a spool holds, for people and for programs.
struct SpoolReport {
    let inspection: SpoolInspection

    /// Whether something was lost; a torn tail is what a crash leaves, and nothing that was kept is missing.
    var isDamaged: Bool { inspection.damages.contains { !$0.isTornTail } }

    // MARK: For people

    var text: String {
        var lines = [
            "\(TerminalText.line(inspection.directory)): \(NumberText.count(inspection.events, "event")) not acknowledged, "
                + "\(NumberText.count(inspection.bytes, "byte")) in \(NumberText.count(inspection.files, "file")); "
                + holder
        ]
        for run in inspection.runs {
            lines.append(
                "  \(TerminalText.line(run.queryName ?? "(no name)"))  query \(Self.text(run.queryId))  run "
                    + "\(Self.text(run.runId)): \(NumberText.count(run.events, "event")), sequence "
                    + "\(run.sequences.lowerBound) to \(run.sequences.upperBound), "
                    + "\(Self.time(run.timestampsMs.lowerBound)) to \(Self.time(run.timestampsMs.upperBound))")
        }
        lines += inspection.damages.map { "  \(TerminalText.line("\($0)"))" }
        if !inspection.quarantined.isEmpty {
            lines.append(
                "  in quarantine: " + TerminalText.line(inspection.quarantined.joined(separator: ", ")))
        }
        return lines.joined(separator: "\n")
    }

    private var holder: String {
        switch inspection.holder {
        case .nobody: "not in use"
        case .process(let number): "in use by " + (number.map { "process \($0)" } ?? "another process")
        }
    }

    private static func text(_ id: UUID) -> String { id.uuidString.lowercased() }

    private static func time(_ ms: Int64) -> String {
        Date(timeIntervalSince1970: Double(ms) / 1000).formatted(.iso8601)
    }

    // MARK: For programs

    var json: String {
        JSONValue.object([
            .init("directory", .string(inspection.directory)), .init("inUse", .bool(inspection.holder != .nobody)),
            .init("holder", holderJSON), .init("events", .integer(Int64(inspection.events))),
            .init("files", .integer(Int64(inspection.files))), .init("bytes", .integer(Int64(inspection.bytes))),
            .init("runs", .array(inspection.runs.map(Self.json))),
            .init("damages", .array(inspection.damages.map(Self.json))),
            .init("quarantine", .array(inspection.quarantined.map { .string($0) })),
        ]).jsonText
    }

    private var holderJSON: JSONValue {
        if case .process(let number?) = inspection.holder { return .integer(Int64(number)) }
        return .null
    }

    private static func json(_ run: SpoolInspection.Run) -> JSONValue {
        .object([
            .init("queryId", .string(text(run.queryId))), .init("runId", .string(text(run.runId))),
            .init("name", run.queryName.map { .string($0) } ?? .null), .init("events", .integer(Int64(run.events))),
            .init("bytes", .integer(Int64(run.bytes))),
            .init("firstSequence", .integer(Int64(clamping: run.sequences.lowerBound))),
            .init("lastSequence", .integer(Int64(clamping: run.sequences.upperBound))),
            .init("oldest", .string(time(run.timestampsMs.lowerBound))),
            .init("newest", .string(time(run.timestampsMs.upperBound))),
        ])
    }

    private static func json(_ damage: SpoolDamage) -> JSONValue {
        .object([
            .init("file", .string(damage.file)), .init("offset", .integer(Int64(damage.offset))),
            .init("bytes", .integer(Int64(damage.bytes))),
            .init("events", damage.events.map { .integer(Int64($0)) } ?? .null),
            .init("tornTail", .bool(damage.isTornTail)),
        ])
    }
}
