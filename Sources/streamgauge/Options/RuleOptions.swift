import ArgumentParser

/// Which alert rules a monitor judges.
struct RuleOptions: ParsableArguments, Sendable {
    @Option(
        name: .customLong("rules"), parsing: .upToNextOption,
        help: ArgumentHelp(
            "Files of alert rules, instead of the shipped ones; see streamgauge alerts.", valueName: "file"))
    var files: [String] = []

    @Flag(help: "Judge no alert rules.")
    var noRules = false

    func validate() throws {
        if files.contains("") {
            throw ValidationError("--rules has an empty value: give one, or leave the option out")
        }
        if noRules, !files.isEmpty {
            throw ValidationError("--rules and --no-rules exclude each other: give one of them")
        }
    }
}
