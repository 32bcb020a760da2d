import ArgumentParser
import FoundationEssentials
import Kafka
import LiveMonitoring
import MetricsTopic
import Monitoring
import TopicMonitoring

/// Where a monitor's events come from: the metrics topics, or recorded files.
struct FeedOptions: ParsableArguments, Sendable {
    @OptionGroup var kafka: KafkaOptions
    @OptionGroup var topic: TopicOptions

    @Option(
        name: .customLong("replay"), parsing: .upToNextOption,
        help: ArgumentHelp("Files of recorded events, one JSON text a line, instead of the topics.", valueName: "file"))
    var recordings: [String] = []

    @Option(
        help: ArgumentHelp(
            "Replay so many times as fast as it happened: 1 is as fast, 60 a minute in a second. (default: all at once)",
            valueName: "factor"))
    var speed: Double?

    /// Whether recorded files are read and not what happens now.
    var isReplay: Bool { !recordings.isEmpty }

    func validate() throws {
        if recordings.contains("") {
            throw ValidationError("--replay has an empty value: give one, or leave the option out")
        }
        if recordings.contains("-") {
            throw ValidationError("--replay - is for streamgauge alerts test: give a file here")
        }
        if !isReplay {
            if speed != nil { throw ValidationError("--speed is for recordings: give --replay as well") }
        } else if kafka.areGiven || topic.areGiven {
            throw ValidationError("--replay is instead of the topics: leave the options of Kafka out")
        }
        if let speed, !(speed > 0 && speed <= RecordingFeed.maximumSpeed) {
            throw ValidationError(
                "--speed must be a number above 0 and not above \(Int(RecordingFeed.maximumSpeed)): leave it out to read all at once"
            )
        }
    }

    /// The brokers that have the topics; nil for recorded files.
    func brokers() throws -> KafkaConfiguration? {
        guard !isReplay else { return nil }
        do {
            return try kafka.configuration()
        } catch let error as ValidationError {
            throw ValidationError("\(error.message); or --replay with recorded files")
        }
    }

    /// Describes the feed.
    ///
    /// - Parameters:
    ///   - brokers: What ``brokers()`` gave.
    ///   - taken: Up to when events are known already; where nothing says where to begin, reading goes on there.
    ///   - tell: Gets a line for each thing that is wrong and ends nothing.
    func feed(
        _ brokers: KafkaConfiguration?, resumingAt taken: MonitorTime? = nil, tell: @escaping @Sendable (String) -> Void
    ) throws -> any MonitoringFeed {
        guard let brokers else {
            var feed = try RecordingFeed(paths: recordings, speed: speed)
            feed.onRefusal = { tell(TerminalText.line($0)) }
            feed.onRemark = feed.onRefusal
            return feed
        }
        var feed = TopicFeed(configuration: brokers)
        if !topic.topics.isEmpty { feed.topics = topic.topics }
        feed.start = topic.start
        if case .end = topic.start, let taken {
            // A little before it, since clocks differ: what is known already counts once. And never in a future that some event told.
            let known = min(taken, .systemTime).millisecondsSinceEpoch
            feed.start = .timestamp(max(0, known - 300_000))
        }
        let faults = ConsumerFaults(tell: tell)
        feed.onError = { faults.report($0) }
        feed.onContact = { faults.clear() }
        feed.onFault = { tell(TerminalText.line($0)) }
        feed.onLog = CommandLogHandler.librdkafka(brokers, tell: tell)
        return feed
    }
}
