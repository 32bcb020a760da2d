import Foundation
import StreamingMetrics

/// Times reading and writing of progress documents: `metrics-codec-bench DOCS.jsonl [SECONDS]`.
///
/// Each round goes over all documents once; the figures are the mean of all rounds and the best round, per document.
@main struct MetricsCodecBench {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2 else {
            print("usage: metrics-codec-bench DOCS.jsonl [SECONDS]")
            exit(2)
        }
        let seconds = arguments.count > 2 ? Double(arguments[2]) ?? 1 : 1
        let lines = try Data(contentsOf: URL(fileURLWithPath: arguments[1])).split(separator: 0x0A).map { [UInt8]($0) }
        let events = try lines.map { try MetricsCodec.decode($0) }
        let progresses = events.compactMap { event -> StreamingQueryProgress? in
            if case .progress(let progress) = event { progress.progress } else { nil }
        }

        try measure("decode", lines, seconds) { line in
            guard case .progress(let event) = try MetricsCodec.decode(line) else { return 0 }
            return event.progress.sources.count + Int(truncatingIfNeeded: event.progress.numInputRows)
        }
        var buffer: [UInt8] = []
        try measure("encode", progresses, seconds) { progress in
            buffer.removeAll(keepingCapacity: true)
            MetricsCodec.encode(progress, into: &buffer)
            return buffer.count
        }
    }

    static func measure<Item>(
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

    static func perDocument(_ time: Duration, _ count: Int) -> String {
        let microseconds = Double(time.components.attoseconds) / 1e12 + Double(time.components.seconds) * 1e6
        return String(format: "%.3f", microseconds / Double(count))
    }
}
