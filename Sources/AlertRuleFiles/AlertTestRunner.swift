public import Monitoring
public import StreamingMetrics

/// Runs the tests of a file.
public enum AlertTestRunner {
    /// An expectation that was not met.
    public struct Failure: Sendable, Hashable, Codable {
        /// The test's name.
        public var test: String
        /// The line of the expectation.
        public var line: Int
        /// What was expected and what was there.
        public var message: String
    }

    /// A value holds so long after its sample, as in Prometheus.
    private static let lookback: Int64 = 300_000

    /// Runs one test.
    ///
    /// - Parameters:
    ///   - test: The test.
    ///   - rules: The rules of all its files.
    ///   - interval: Milliseconds between two evaluations.
    ///   - events: The events of ``AlertTestFile/Test/events`` in their order.
    /// - Returns: What was not met; empty when all is well.
    public static func run(
        _ test: AlertTestFile.Test, rules: AlertRules, interval: Int64, events: [StreamingQueryEvent] = []
    ) -> [Failure] {
        var run = Run(test: test, rules: rules, interval: interval, events: TimedEvent.timed(events))
        return run.failures()
    }

    private struct Run {
        let test: AlertTestFile.Test
        let interval: Int64
        let events: [TimedEvent]
        let origin: MonitorTime
        var evaluator: AlertEvaluator
        var fleet = QueryFleet()
        var nextEvent = 0

        init(test: AlertTestFile.Test, rules: AlertRules, interval: Int64, events: [TimedEvent]) {
            self.test = test
            self.interval = interval
            self.events = events
            origin = events.first?.time ?? MonitorTime(millisecondsSinceEpoch: 0)
            var settings = AlertSettings()
            settings.longestPause = nil
            settings.textAge = .zero
            evaluator = AlertEvaluator(rules: rules, settings: settings, isReplaying: true)
        }

        mutating func failures() -> [Failure] {
            var failures: [Failure] = []
            var at: Int64 = -interval
            for expectation in test.expectations.sorted(by: { $0.milliseconds < $1.milliseconds }) {
                while at + interval <= expectation.milliseconds {
                    at += interval
                    evaluate(at)
                }
                if let message = mismatch(expectation) {
                    failures.append(Failure(test: test.name, line: expectation.line, message: message))
                }
            }
            return failures
        }

        private mutating func evaluate(_ offset: Int64) {
            let now = origin + .milliseconds(offset)
            while nextEvent < events.count, events[nextEvent].time <= now {
                fleet.take(events[nextEvent].event, at: events[nextEvent].time)
                nextEvent += 1
            }
            fleet.advance(to: now)
            let samples = test.series.compactMap { series in
                value(of: series, offset).map { AlertSample(series.series.metric, series.series.labels, $0) }
            }
            evaluator.evaluate(evaluator.input(of: fleet, at: now, series: samples))
        }

        private func value(of series: AlertTestFile.InputSeries, _ offset: Int64) -> Double? {
            var index = Int(offset / test.interval)
            index = min(index, series.values.count - 1)
            while index >= 0, offset - Int64(index) * test.interval < AlertTestRunner.lookback {
                switch series.values[index] {
                case .number(let value): return value
                case .stale: return nil
                case .missing: index -= 1
                }
            }
            return nil
        }

        private func mismatch(_ expectation: AlertTestFile.Expectation) -> String? {
            var firing = evaluator.alerts.filter { $0.state == .firing && $0.name == expectation.alertName }
            if let error = evaluator.ruleStatuses.first(where: { $0.name == expectation.alertName })?.error {
                return "\(expectation.alertName) could not be evaluated: \(error)"
            }
            if !evaluator.rules.rules.contains(where: { $0.name == expectation.alertName }) {
                return "there is no rule \(expectation.alertName)"
            }
            var missing: [AlertTestFile.ExpectedAlert] = []
            for expected in expectation.alerts {
                if let index = firing.firstIndex(where: { Self.matches($0, expected) }) {
                    firing.remove(at: index)
                } else {
                    missing.append(expected)
                }
            }
            if missing.isEmpty, firing.isEmpty { return nil }
            let time = AlertNumber.durationText(milliseconds: expectation.milliseconds)
            let found = firing.map { Self.text($0.labels.filter { $0.key != "alertname" }, $0.annotations) }
            let lacking = missing.map { Self.text($0.labels, $0.annotations) }
            return "\(expectation.alertName) at \(time): "
                + [
                    lacking.isEmpty ? nil : "expected and not firing: \(lacking.joined(separator: ", "))",
                    found.isEmpty ? nil : "firing and not expected: \(found.joined(separator: ", "))",
                ].compactMap { $0 }.joined(separator: "; ")
        }

        private static func matches(_ alert: Alert, _ expected: AlertTestFile.ExpectedAlert) -> Bool {
            guard alert.labels.filter({ $0.key != "alertname" }) == expected.labels else { return false }
            guard let annotations = expected.annotations else { return true }
            // It is added by the evaluator and not by the rule.
            let own = alert.annotations.filter { $0.key != "state_reason" || annotations["state_reason"] != nil }
            return own == annotations
        }

        private static func text(_ labels: [String: String], _ annotations: [String: String]?) -> String {
            func list(_ texts: [String: String]) -> String {
                "{"
                    + texts.sorted { $0.key < $1.key }.map { LabelMatcher($0.key, equals: $0.value).text }
                    .joined(separator: ", ") + "}"
            }
            return annotations.map { "\(list(labels)) with \(list($0))" } ?? list(labels)
        }
    }
}
