import ArgumentParser
import MetricsTopic

/// Where a command keeps the events that are not acknowledged yet.
struct SpoolFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Keep events that are not acknowledged yet in this folder, so that they survive the program; what an earlier run "
                + "left there is sent first.", valueName: "dir"))
    var spool: String?

    @Flag(help: "Keep events in memory only: what is not delivered at the end is gone.")
    var noSpool = false

    /// Whether anything was said about a spool on the command line.
    var areGiven: Bool { spool != nil || noSpool }

    func validate() throws {
        if spool != nil, noSpool { throw ValidationError("--spool and --no-spool exclude each other") }
        if spool == .some("") {
            throw ValidationError("--spool has an empty value: give one, or leave the option out")
        }
    }

    /// The spool to use; a folder beside something else's, where the user names none.
    func options(beside neighbour: String?) -> SpoolOptions? {
        if noSpool { return nil }
        if let spool { return SpoolOptions(directory: spool) }
        guard var neighbour else { return nil }
        while neighbour.count > 1, neighbour.hasSuffix("/") { neighbour.removeLast() }
        return SpoolOptions(directory: neighbour + "-metrics-spool")
    }
}
