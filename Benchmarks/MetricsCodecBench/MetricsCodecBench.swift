import Foundation
import StreamingMetrics

/// Times reading and writing of progress documents.
///
///     metrics-codec-bench make kafka|rocksdb [COUNT]    writes documents to standard output
///     metrics-codec-bench time DOCS.jsonl [SECONDS]     reads and writes them over and over
@main struct MetricsCodecBench {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.dropFirst().first) {
        case ("make", let kind?) where kind == "kafka" || kind == "rocksdb":
            var maker = DocumentMaker()
            for index in 0..<(arguments.count > 2 ? Int(arguments[2]) ?? 1000 : 1000) {
                print(kind == "kafka" ? maker.kafka(index).json : maker.rocksDB(index).json)
            }
        case ("time", let path?):
            try time(path, seconds: arguments.count > 2 ? Double(arguments[2]) ?? 1 : 1)
        default:
            print("usage: metrics-codec-bench make kafka|rocksdb [COUNT] | time DOCS.jsonl [SECONDS]")
            exit(2)
        }
    }

    private static func time(_ path: String, seconds: Double) throws {
        let lines = try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: 0x0A).map { [UInt8]($0) }
        let progresses = try lines.map { try StreamingQueryProgress(json: $0) }
        var buffer: [UInt8] = []
        var same = 0
        for (progress, line) in zip(progresses, lines) {
            buffer.removeAll(keepingCapacity: true)
            MetricsCodec.encode(progress, into: &buffer)
            if buffer == line { same += 1 }
        }
        print("documents=\(lines.count) bytes=\(lines.map(\.count).reduce(0, +) / lines.count) same-bytes=\(same)")

        try measure("decode", lines, seconds) { line in
            guard case .progress(let event) = try MetricsCodec.decode(line) else { return 0 }
            return event.progress.sources.count &+ Int(truncatingIfNeeded: event.progress.numInputRows)
        }
        try measure("encode", progresses, seconds) { progress in
            buffer.removeAll(keepingCapacity: true)
            MetricsCodec.encode(progress, into: &buffer)
            return buffer.count
        }
    }

    /// Each round goes over all documents once; prints the mean of all rounds and the best one, in µs a document.
    private static func measure<Item>(
        _ name: String, _ items: [Item], _ seconds: Double, _ work: (Item) throws -> Int
    ) throws {
        var check = 0
        for item in items { check &+= try work(item) }
        let clock = ContinuousClock()
        var rounds = 0
        var best = Duration.seconds(1000)
        let start = clock.now
        while clock.now - start < .seconds(seconds) {
            let spent = try clock.measure { for item in items { check &+= try work(item) } }
            best = min(best, spent)
            rounds += 1
        }
        let mean = (clock.now - start) / rounds
        print(
            "\(name): mean \(perDocument(mean, items.count)) us, best \(perDocument(best, items.count)) us, check \(check)"
        )
    }

    private static func perDocument(_ time: Duration, _ count: Int) -> String {
        let microseconds = Double(time.components.attoseconds) / 1e12 + Double(time.components.seconds) * 1e6
        return String(format: "%.3f", microseconds / Double(count))
    }
}
