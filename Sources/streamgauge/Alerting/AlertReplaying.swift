import Foundation
import Monitoring
import StreamingMetrics

/// Puts recorded files through rules and tells what they say.
struct AlertReplaying {
    private var replay: AlertReplay
    private let format: AlertReportFormat
    private var last: MonitorTime?
    private var refused = 0
    /// Events of the beginning that wait for the first with a time, at which they come: Spark 2 gives none to a query's start.
    private var untimed: [StreamingQueryEvent] = []
    private static let maximumUntimed = 10_000

    init(rules: AlertRules, interval: Duration, format: AlertReportFormat) {
        replay = AlertReplay(rules: rules, interval: interval)
        self.format = format
    }

    /// Reads a file to its end. A line that is no event is told and skipped.
    mutating func read(_ path: String) throws {
        var reader = try LineReader(path: path, maximumBytes: MetricsCodec.Limits.default.maximumBytes)
        while let line = try reader.next(isStopped: { false }) {
            guard case .text(let bytes) = line else {
                refuse(reader.name, reader.number, "the line has more bytes than an event may have")
                continue
            }
            if bytes.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
            guard let event = event(bytes, reader) else { continue }
            untimed.append(event)
            guard let own = event.ownTime ?? last else {
                guard untimed.count < Self.maximumUntimed else {
                    throw CommandError(
                        "cannot replay \(reader.name): none of the first \(Self.maximumUntimed) events has a time (line "
                            + "\(reader.number)); give a recording in which progress comes earlier")
                }
                continue
            }
            try takeUntimed(at: max(last ?? own, own))
        }
    }

    private mutating func takeUntimed(at time: MonitorTime) throws {
        last = time
        defer { untimed.removeAll(keepingCapacity: true) }
        for event in untimed { try tell(replay.take(event, at: time)) }
    }

    /// Goes on for a while after the last event; false where lines were refused.
    mutating func finish(after rest: Duration) throws -> Bool {
        if !untimed.isEmpty { try takeUntimed(at: MonitorTime(millisecondsSinceEpoch: 0)) }
        try tell(replay.finish(after: rest))
        for status in replay.evaluator.ruleStatuses {
            guard let error = status.error else { continue }
            StandardStream.error.tell(TerminalText.line("\(status.name) could not be evaluated: \(error)") + "\n")
        }
        return refused == 0
    }

    private mutating func event(_ bytes: [UInt8], _ reader: borrowing LineReader) -> StreamingQueryEvent? {
        do throws(MetricsCodecError) {
            return try MetricsCodec.decode(bytes)
        } catch {
            refuse(reader.name, reader.number, error.description)
            return nil
        }
    }

    private mutating func refuse(_ name: String, _ number: Int, _ reason: String) {
        refused += 1
        StandardStream.error.tell(TerminalText.line("refused \(name):\(number): \(reason)") + "\n")
    }

    private func tell(_ steps: [AlertReplay.Step]) throws {
        for step in steps {
            for alert in step.changes.sorted(by: { $0.fingerprint < $1.fingerprint }) {
                try StandardStream.output.write(
                    (format == .json ? try json(alert, step.at) : text(alert, step.at)) + "\n")
            }
        }
    }

    private func text(_ alert: Alert, _ time: MonitorTime) -> String {
        let date = "\(ProgressTimestamp(millisecondsSinceEpoch: time.millisecondsSinceEpoch))"
        let labels = alert.labels.filter { $0.key != "alertname" }.sorted { $0.key < $1.key }
            .map { LabelMatcher($0.key, equals: $0.value).text }.joined(separator: ", ")
        let state = alert.state.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
        return TerminalText.line("\(date)  \(state)  \(alert.name) {\(labels)}: \(alert.reason)")
    }

    private func json(_ alert: Alert, _ time: MonitorTime) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(alert), as: UTF8.self)
        return StandardStream.output.isTerminal ? TerminalText.escapedJSON(text) : text
    }
}
