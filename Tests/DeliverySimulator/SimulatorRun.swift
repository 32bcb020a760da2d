import DeliverySimulation
import Dispatch
import Glibc
import Synchronization

/// Many seeds, on several threads.
final class SimulatorRun: Sendable {
    private struct Tally: Sendable {
        var violations = 0
        var hash: UInt64 = 0
        var counts = SimulationCounts()
    }

    private let options: SimulatorOptions
    private let next: Atomic<UInt64>
    private let tally = Mutex(Tally())
    /// More than this need not be told.
    private static let mostTold = 10

    init(_ options: SimulatorOptions) {
        self.options = options
        next = Atomic(options.from)
    }

    /// Runs all of them; whether nothing is wrong.
    func run() -> Bool {
        FailureReport.install(jobs: options.jobs, steps: options.steps)
        DispatchQueue.concurrentPerform(iterations: options.jobs) { job in
            while true {
                let seed = next.add(1, ordering: .relaxed).oldValue
                guard seed - options.from < options.seeds else { return }
                FailureReport.note(seed, job: job)
                runOne(seed)
            }
        }
        let tally = tally.withLock { $0 }
        print(
            """
            \(options.seeds) seeds from \(options.from): \(tally.counts.events) events, \(tally.counts.records) records, \
            \(tally.counts.lives) processes, \(tally.counts.clients) clients, \(tally.counts.steps) steps, \
            trace hash \(String(tally.hash, radix: 16)), \(tally.violations) violations
            """)
        return tally.violations == 0
    }

    private func runOne(_ seed: UInt64) {
        var result = simulate(seed: seed, steps: options.steps)
        if seed % 100 < options.repeats, result.violation == nil {
            let again = simulate(seed: seed, steps: options.steps)
            if again.traceHash != result.traceHash {
                result.violation = "the seed gave another trace the second time"
            }
        }
        let place = tally.withLock { tally in
            tally.hash = tally.hash &+ result.traceHash
            tally.counts += result.counts
            if result.violation != nil { tally.violations += 1 }
            return tally.violations
        }
        guard let violation = result.violation, place <= Self.mostTold else { return }
        print(
            """
            VIOLATION in seed \(seed): \(violation)
              again with: \(options.command(seed))
              \(result.scenario.replacing("\n", with: "\n  "))
              the last steps:
                \(result.trace.joined(separator: "\n    "))
            """)
    }
}
