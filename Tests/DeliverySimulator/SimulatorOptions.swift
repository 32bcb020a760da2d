/// What the command line says.
struct SimulatorOptions {
    struct UsageError: Error {
        var message: String
    }

    var seeds: UInt64 = 1000
    var from: UInt64 = 0
    var jobs = 2
    var steps: Int?
    var verbose: UInt64?
    /// So many of a hundred seeds are run twice and must give the same trace.
    var repeats: UInt64 = 2

    static let usage = """
        usage: delivery-simulator [--seeds N] [--from SEED] [--jobs N] [--steps N] [--verbose SEED] [--repeat PERCENT]
        """

    static func read(_ arguments: ArraySlice<String>) -> Result<SimulatorOptions, UsageError> {
        var options = SimulatorOptions()
        var rest = arguments
        while let name = rest.popFirst() {
            guard let text = rest.popFirst(), let value = UInt64(text) else {
                return .failure(UsageError(message: "\(name) needs a number behind it"))
            }
            switch name {
            case "--seeds": options.seeds = value
            case "--from": options.from = value
            case "--jobs": options.jobs = Int(clamping: min(max(value, 1), 64))
            case "--steps": options.steps = Int(clamping: min(value, 1_000_000))
            case "--verbose": options.verbose = value
            case "--repeat": options.repeats = min(value, 100)
            default: return .failure(UsageError(message: "unknown option \(name)"))
            }
        }
        return .success(options)
    }

    /// The command that runs one seed again.
    func command(_ seed: UInt64) -> String {
        "delivery-simulator --verbose \(seed)" + (steps.map { " --steps \($0)" } ?? "")
    }
}
