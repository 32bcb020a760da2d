import ArgumentParser
import Kafka
import MetricsTopic
import StreamingMetrics
import Synchronization

/// `streamgauge doctor`: what stands between this machine and Kafka.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Looks for what keeps metrics from Kafka: network, TLS, login, topics, rights, and a record there and back.",
        discussion: """
            Each check is told as it is done, with what to do about what is wrong. The record goes to a topic of its own, \
            which is created when it is missing, so that nobody who reads the metrics stumbles over it; \
            with --probe-topic the right to write to another topic is tried, and two records of text stay there. The exit \
            code is 1 when something failed.

            EXAMPLES
              streamgauge doctor --bootstrap-servers localhost:9092
              streamgauge doctor --kafka-config client.properties --format json
            """)

    /// `--format`.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @OptionGroup var kafka: KafkaOptions

    @Option(
        name: .customLong("topic"),
        help: ArgumentHelp(
            "A topic to look at; may be given several times. (default: \(TopicContract.progressTopic) and "
                + "\(TopicContract.lifecycleTopic))"))
    var topics: [String] = []

    @Option(help: "The topic for the record that goes there and back.")
    var probeTopic = "streamgauge-probe"

    @Option(help: ArgumentHelp("How long to wait for each answer.", valueName: "seconds"))
    var timeout = 10

    @Option(help: "How to write what is found: text, as it is found, or json, one object at the end.")
    var format = Format.text

    func validate() throws {
        guard (1...3600).contains(timeout) else { throw ValidationError("--timeout must be from 1 to 3600 seconds") }
        guard !probeTopic.isEmpty else {
            throw ValidationError("--probe-topic has an empty value: give one, or leave the option out")
        }
    }

    func run() async throws {
        let configuration = try kafka.configuration()
        let signals = StopSignals()
        let findings = Mutex<[Finding]>([])
        let format = format
        let examination = Examination(
            configuration: configuration,
            topics: topics.isEmpty ? [TopicContract.progressTopic, TopicContract.lifecycleTopic] : topics,
            probeTopic: probeTopic, timeout: .seconds(timeout),
            report: { finding in
                findings.withLock { $0.append(finding) }
                if format == .text { try StandardStream.output.write(finding.line + "\n") }
            })
        let isWell = try await signals.cancelling { try await examination.run() }
        let all = findings.withLock { $0 }
        let failed = all.count { $0.status == .failed }
        switch format {
        case .text:
            let warnings = all.count { $0.status == .warning }
            let summary = failed == 0 ? "all is well" : NumberText.count(failed, "check") + " failed"
            try StandardStream.output.write(
                summary + (warnings == 0 ? "" : ", \(NumberText.count(warnings, "warning"))") + "\n")
        case .json:
            let object = JSONValue.object([
                .init("ok", .bool(isWell)), .init("findings", .array(all.map(\.json))),
            ])
            try StandardStream.output.write(object.jsonText + "\n")
        }
        if !isWell { throw ExitCode(CommandExit.failure) }
    }
}
