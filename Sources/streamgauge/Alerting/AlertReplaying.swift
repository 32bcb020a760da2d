import Foundation
import LiveMonitoring
import Monitoring
import StreamingMetrics

/// Puts recorded files through rules and tells what they say: the same that `serve --replay` says of them.
struct AlertReplaying {
    private var replay: AlertReplay
    private let format: AlertReportFormat

    init(rules: AlertRules, interval: Duration, options: MonitorOptions, format: AlertReportFormat) {
        var monitoring = MonitoringHub.Settings.replay.monitor
        options.apply(to: &monitoring)
        replay = AlertReplay(rules: rules, interval: interval, monitoring: monitoring)
        self.format = format
    }

    /// Reads files to their ends, in the order of their events' times, and goes on for a while after the last event. A line that is no
    /// event is told and skipped.
    ///
    /// - Returns: False where lines were refused.
    mutating func run(_ paths: [String], then rest: Duration) throws -> Bool {
        var events = try RecordedEvents(paths: paths)
        var refused = 0
        let refuse = { (refusal: RecordedEvents.Refusal) in
            refused += 1
            StandardStream.error.tell(TerminalText.line(refusal.text) + "\n")
        }
        var stretch = LongStretch()
        while let next = try events.next(onRefusal: refuse) {
            let steps = replay.take(next.event, at: next.time) { evaluator in
                Self.note(stretch.remark(before: next.time) { evaluator.restless })
            }
            stretch.end()
            try tell(steps)
        }
        let rest = replay.finish(after: rest) { evaluator, end in
            Self.note(stretch.remark(before: end) { evaluator.restless })
        }
        try tell(rest)
        Self.note(replay.fleet.forgettingRemark)
        for status in replay.evaluator.ruleStatuses {
            guard let error = status.error else { continue }
            StandardStream.error.tell(TerminalText.line("\(status.name) could not be evaluated: \(error)") + "\n")
        }
        return refused == 0
    }

    private static func note(_ remark: String?) {
        if let remark { StandardStream.error.tell(TerminalText.line(remark) + "\n") }
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
