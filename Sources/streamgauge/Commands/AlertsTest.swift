import AlertRuleFiles
import ArgumentParser
import Monitoring

/// `streamgauge alerts test`: what rules would have said.
struct AlertsTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Runs tests of rules, or shows what rules say of recorded events.",
        discussion: """
            A test file is that of promtool: series, times, and the alerts that must fire; input_events in place of \
            series names a file of recorded events. With --replay the files are rules, and every alert is told with its \
            time; nobody is notified.

            EXAMPLES
              streamgauge alerts test rules-test.yml
              streamgauge alerts test rules.yml --replay progress.jsonl
              streamgauge alerts test --replay progress.jsonl --then 10m --format json

            The exit code is 1 when a test fails, or when a line of the events cannot be read.
            """)

    @Argument(
        help: ArgumentHelp("Test files; with --replay rules files, the shipped rules without one.", valueName: "file"))
    var files: [String] = []

    @Option(
        help: ArgumentHelp(
            "Recorded events, one JSON document a line; - is standard input. Repeat it for more: they are read as one, in the "
                + "order of their times.", valueName: "file"))
    var replay: [String] = []

    @Option(help: ArgumentHelp("How often rules are judged in a replay. (default: 1s)", valueName: "duration"))
    var interval: String?

    @Option(help: ArgumentHelp("How long a replay goes on after the last event. (default: 0s)", valueName: "duration"))
    var then: String?

    @OptionGroup var monitor: MonitorOptions

    @Option(help: "How to tell: text, or json (one object a line).")
    var format = AlertReportFormat.text

    func validate() throws {
        if files.isEmpty, replay.isEmpty { throw ValidationError("name a test file, or events with --replay") }
        if let interval, AlertNumber.duration(interval).map({ $0 < 0.001 }) ?? true {
            throw ValidationError("--interval must be a duration such as 1s or 500ms, not \(interval)")
        }
        if replay.isEmpty, monitor.areGiven || interval != nil || then != nil {
            throw ValidationError(
                "--interval, --then, \(MonitorOptions.names) are for events: give --replay as well")
        }
        if let then, then != "0", AlertNumber.duration(then) == nil {
            throw ValidationError("--then must be a duration such as 10m, not \(then)")
        }
    }

    func run() throws {
        let isRight = replay.isEmpty ? try runTests() : try runReplay()
        if !isRight { throw ExitCode(CommandExit.failure) }
    }

    private func runTests() throws -> Bool {
        var failures = 0
        for file in files {
            let report = try AlertFiles.runTests(file)
            failures += report.failures.count
            try StandardStream.output.write((format == .json ? report.json : report.text) + "\n")
        }
        return failures == 0
    }

    private func runReplay() throws -> Bool {
        let duration = { (text: String) in
            Duration.milliseconds(Int64(((AlertNumber.duration(text) ?? 0) * 1000).rounded()))
        }
        var replaying = AlertReplaying(
            rules: try AlertFiles.rules(files), interval: interval.map(duration) ?? .seconds(1), options: monitor,
            format: format)
        return try replaying.run(replay, then: then.map(duration) ?? .zero)
    }
}
