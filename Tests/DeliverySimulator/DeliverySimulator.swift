import DeliverySimulation
import Glibc

/// Runs worlds of the forwarder's simulation, each made of a seed, and says which of them show something wrong.
///
///     delivery-simulator [--seeds N] [--from SEED] [--jobs N] [--steps N] [--verbose SEED] [--repeat PERCENT]
///
/// The last line counts seeds and violations. A violation names its seed, the command that shows it again, and the last steps of
/// its trace; the exit code is then 1. `--verbose` shows one seed's whole trace.
@main struct DeliverySimulator {
    static func main() {
        let options: SimulatorOptions
        switch SimulatorOptions.read(CommandLine.arguments.dropFirst()) {
        case .success(let read): options = read
        case .failure(let error):
            print("delivery-simulator: \(error.message)\n\(SimulatorOptions.usage)")
            exit(2)
        }
        if let seed = options.verbose {
            exit(show(seed, options))
        }
        let run = SimulatorRun(options)
        exit(run.run() ? 0 : 1)
    }

    private static func show(_ seed: UInt64, _ options: SimulatorOptions) -> Int32 {
        FailureReport.install(jobs: 1, steps: options.steps)
        FailureReport.note(seed, job: 0)
        let result = simulate(seed: seed, steps: options.steps, lines: 1_000_000)
        print("seed \(seed)\n\(result.scenario)")
        for line in result.trace { print(line) }
        print("trace hash \(String(result.traceHash, radix: 16)), \(result.counts)")
        if let violation = result.violation { print("VIOLATION: \(violation)") }
        return result.violation == nil ? 0 : 1
    }
}
