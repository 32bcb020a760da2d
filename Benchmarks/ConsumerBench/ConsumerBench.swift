import Foundation
import Kafka
import MetricsTopic
import StreamingMetrics
import Synchronization

/// Takes every record of a topic as a typed event, and prints what that cost in the line that `consume.c` prints.
///
///     consumer-bench --bootstrap-servers HOST:PORT --count N [--topic NAME]
@main struct ConsumerBench {
    static func main() async throws {
        var options = ["--topic": TopicContract.progressTopic]
        var rest = CommandLine.arguments.dropFirst()
        while let name = rest.popFirst(), let value = rest.popFirst() { options[name] = value }
        guard let servers = options["--bootstrap-servers"], let count = options["--count"].flatMap({ Int($0) }),
            count > 0,
            let topic = options["--topic"]
        else {
            print("usage: consumer-bench --bootstrap-servers HOST:PORT --count N [--topic NAME]")
            exit(2)
        }
        // noida-db answers a fetch with the whole rest of the partition, and at the end of the log at once, however long the
        // fetch may wait: with messages left to take, the client is not to ask for more all the while.
        let configuration = KafkaConfiguration(
            bootstrapServers: servers,
            properties: ["receive.message.max.bytes": "1000000000", "queued.min.messages": "1"])
        var consumer = MetricsConsumer(configuration: configuration, topics: [topic], start: .beginning)
        // The documents on the topic repeat, and every record is to be counted.
        consumer.deduplicates = false
        let clock = ContinuousClock()
        var (seconds, spent) = (0.0, 0.0)
        let begin = clock.now
        let cpu = cpuMicroseconds()
        let totals = Totals(goal: count)
        do {
            // As many at a time as the monitor's own feed takes, and as the Python client asks for.
            try await consumer.run(batchesOf: 500) { try totals.add($0) }
        } catch let reached as Totals.Reached {
            // Before the client is closed, as in the programs that this is compared with.
            (seconds, spent) = ((reached.time - begin) / .seconds(1), reached.cpu - cpu)
        }
        let (taken, check) = totals.sums
        guard taken >= count else {
            print("consumer-bench: the reading ended after \(taken) of \(count) records")
            exit(1)
        }
        print(
            String(
                format: "messages=%ld seconds=%.3f msg_s=%.0f cpu_us=%.3f check=%lld", taken, seconds,
                Double(taken) / seconds, spent / Double(taken), check))
    }

    /// Counts up to a goal.
    private final class Totals: Sendable {
        struct Reached: Error {
            let time = ContinuousClock.now
            let cpu = cpuMicroseconds()
        }

        private let goal: Int
        private let counts = Mutex((taken: 0, check: 0 as Int64))

        init(goal: Int) { self.goal = goal }

        var sums: (Int, Int64) { counts.withLock { ($0.taken, $0.check) } }

        func add(_ batch: MetricsBatch) throws {
            let isReached = counts.withLock { counts in
                for record in batch.records {
                    guard let progress = record.progress else { continue }
                    counts.check &+= progress.numInputRows
                    counts.taken += 1
                }
                return counts.taken >= goal
            }
            if isReached { throw Reached() }
        }
    }

    private static func cpuMicroseconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        return Double(seconds) * 1e6 + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    }
}
