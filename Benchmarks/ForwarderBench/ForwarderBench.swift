import Foundation
import Kafka
import MetricsTopic
import StreamingMetrics
import Synchronization

/// What forwarding an event costs, from the listener's call to the broker's acknowledgement.
///
///     forwarder-bench --path json|typed|spool|full|drain|recovery -b BOOTSTRAP -t TOPIC -f DOCS.jsonl [-n N] [-l LINGER_MS] [-d DIR]
///                     [-q QUERIES] [-r EVENTS_PER_SECOND]
///
/// `json` sends the documents' bytes with our producer, with key and headers; `typed` offers typed events to a forwarder
/// without a spool, `spool` with one in DIR; `full` measures calls that are refused, with no broker; `drain`
/// how long N events of an outage take from the spool; `recovery` how long events wait when the client fails for good. One line
/// of key=value pairs.
@main
struct ForwarderBench {
    struct Options {
        var path = "typed"
        var bootstrap = "127.0.0.1:9092"
        var topic = "bench"
        var file = ""
        var count = 100_000
        var linger = "5"
        var directory = "/tmp/forwarder-bench-spool"
        /// How many queries the events are of; 0 leaves them as they are in the file.
        var queries = 0
        /// Events offered a second; 0 is as many as go.
        var rate = 0
    }

    static func main() async throws {
        let options = try parse()
        let lines = try String(contentsOfFile: options.file, encoding: .utf8).split(separator: "\n").map { Array($0.utf8) }
        switch options.path {
        case "json": try await json(options, lines)
        case "full": try full(options, try events(lines))
        case "drain": try await Outages.drain(options, try events(lines))
        case "recovery": try await Outages.recovery(options, try events(lines))
        default: try await typed(options, spread(try events(lines), over: options.queries))
        }
    }

    private static func events(_ lines: [[UInt8]]) throws -> [QueryProgressEvent] {
        try lines.map { line in
            guard case .progress(let event) = try MetricsCodec.decode(line) else {
                throw UsageError(description: "a document is no progress")
            }
            return event
        }
    }

    /// The same events as of so many queries, in turns.
    private static func spread(_ events: [QueryProgressEvent], over queries: Int) -> [QueryProgressEvent] {
        guard queries > 0 else { return events }
        let ids = (0..<queries).map { _ in (UUID(), UUID()) }
        return (0..<max(events.count, queries)).map { index in
            var event = events[index % events.count]
            (event.progress.id, event.progress.runId) = ids[index % queries]
            return event
        }
    }

    private static func parse() throws -> Options {
        var options = Options()
        var arguments = Array(CommandLine.arguments.dropFirst())
        while arguments.count >= 2 {
            let (name, value) = (arguments[0], arguments[1])
            arguments.removeFirst(2)
            switch name {
            case "--path": options.path = value
            case "-b": options.bootstrap = value
            case "-t": options.topic = value
            case "-f": options.file = value
            case "-n": options.count = Int(value) ?? options.count
            case "-l": options.linger = value
            case "-d": options.directory = value
            case "-q": options.queries = Int(value) ?? 0
            case "-r": options.rate = Int(value) ?? 0
            default: throw UsageError(description: "unknown option \(name)")
            }
        }
        guard arguments.isEmpty, !options.file.isEmpty else { throw UsageError(description: "give -f DOCS.jsonl") }
        return options
    }

    private final class Counter: Sendable {
        let delivered = Atomic<Int>(0)
    }

    struct UsageError: Error, CustomStringConvertible { let description: String }

    // MARK: Ways to send

    private static func json(_ options: Options, _ lines: [[UInt8]]) async throws {
        let meter = Meter(count: options.count)
        let counter = Counter()
        let producer = try KafkaProducer(
            KafkaConfiguration(
                bootstrapServers: options.bootstrap,
                properties: ["enable.idempotence": "true", "linger.ms": options.linger]),
            onDelivery: { reports in
                counter.delivered.add(reports.count { $0.error == nil }, ordering: .relaxed)
            })
        _ = try await producer.deliver(ProducerRecord(topic: options.topic, value: lines[0]))
        let key = Array("5b3b6b0e-5c8c-4c44-9b6a-2f6b3b7f7e11".utf8)
        let values: [(StaticString, [UInt8])] = [
            ("event", Array("progress".utf8)), ("schema-version", [49]), ("run-id", key), ("sequence", Array("12345".utf8)),
            ("query-name", Array("test_stream".utf8)),
        ]
        var meterRun = meter.start()
        for index in 0..<options.count {
            try send(lines[index % lines.count], key, values, index, options.topic, producer, &meterRun)
        }
        try await producer.flush(timeout: .seconds(60))
        meterRun.finish(options, delivered: counter.delivered.load(ordering: .relaxed))
        await producer.close()
    }

    private static func send(
        _ line: [UInt8], _ key: [UInt8], _ values: [(StaticString, [UInt8])], _ index: Int, _ topic: String,
        _ producer: KafkaProducer, _ run: inout Meter.Run
    ) throws {
        while true {
            let start = Meter.now()
            do throws(KafkaError) {
                try key.span.withUnsafeBytes { key throws(KafkaError) in
                    try line.span.withUnsafeBytes { line throws(KafkaError) in
                        try producer.send(
                            topic: topic, key: key, value: line,
                            headers: values.map { RecordHeader(name: "\($0.0)", value: $0.1) }, token: UInt(index))
                    }
                }
                run.note(index, Meter.now() - start)
                return
            } catch {
                guard error.code == .queueFull else { throw error }
                usleep(1000)
            }
        }
    }

    private static func typed(_ options: Options, _ events: [QueryProgressEvent]) async throws {
        try? FileManager.default.removeItem(atPath: options.directory)
        let metrics = try KafkaMetrics(
            configuration: KafkaConfiguration(
                bootstrapServers: options.bootstrap, properties: ["linger.ms": options.linger]), topic: options.topic,
            lifecycleTopic: .sameTopic, spool: options.path == "spool" ? SpoolOptions(directory: options.directory) : nil)
        metrics.onQueryProgress(events[0])
        guard try await metrics.flush() else { throw UsageError(description: "no broker at \(options.bootstrap)") }
        var run = Meter(count: options.count).start()
        let begin = Meter.now()
        for index in 0..<options.count {
            if options.rate > 0 {
                let due = begin + UInt64(index) * 1_000_000_000 / UInt64(options.rate)
                while case let now = Meter.now(), now < due { usleep(UInt32((due - now) / 1000 + 1)) }
            } else if index % 256 == 0 {
                while metrics.statistics.buffered > 6000 { usleep(200) }
            }
            let event = events[index % events.count]
            let start = Meter.now()
            metrics.onQueryProgress(event)
            run.note(index, Meter.now() - start)
        }
        guard try await metrics.flush(timeout: .seconds(60)) else { throw UsageError(description: "not all was delivered") }
        run.finish(options, delivered: metrics.statistics.acknowledged - 1)
        await metrics.stop()
    }

    private static func full(_ options: Options, _ events: [QueryProgressEvent]) throws {
        let metrics = try KafkaMetrics(
            configuration: KafkaConfiguration(bootstrapServers: "127.0.0.1:1"), topic: options.topic,
            limits: .init(bufferedEvents: 1000, memoryBytes: 4096), onFull: .dropNewest)
        // So many at once that ring and memory are full all the time.
        var run = Meter(count: options.count).start()
        for index in 0..<options.count {
            let event = events[index % events.count]
            let start = Meter.now()
            metrics.onQueryProgress(event)
            run.note(index, Meter.now() - start)
        }
        run.finish(options, delivered: metrics.statistics.dropped[.bufferFull] ?? 0)
    }
}
