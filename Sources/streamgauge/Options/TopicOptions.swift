import ArgumentParser
import FoundationEssentials
import MetricsTopic

/// Which topics a command reads, and from where on.
struct TopicOptions: ParsableArguments, Sendable {
    @Option(
        name: .customLong("topic"),
        help: """
            A topic to read; may be given several times. (default: \(TopicContract.progressTopic); serve reads \
            \(TopicContract.lifecycleTopic) as well)
            """)
    var topics: [String] = []

    @Flag(help: "Begin with the oldest record; otherwise with the next one to come.")
    var fromBeginning = false

    @Option(
        help: ArgumentHelp(
            "Begin with the first record of this time or later: \"2 hours ago\", or 2026-11-23T10:21:45Z.",
            valueName: "time"),
        transform: { try SinceTime($0, nowMs: Int64(Date().timeIntervalSince1970 * 1000)) })
    var since: SinceTime?

    /// Whether anything was said of them on the command line.
    var areGiven: Bool { !topics.isEmpty || fromBeginning || since != nil }

    /// Where to begin.
    var start: MetricsConsumer.Start {
        since.map { .timestamp($0.milliseconds) } ?? (fromBeginning ? .beginning : .end)
    }

    func validate() throws {
        if topics.contains("") {
            throw ValidationError("--topic has an empty value: give one, or leave the option out")
        }
        if fromBeginning, since != nil {
            throw ValidationError("--from-beginning and --since exclude each other: give one of them")
        }
    }
}
