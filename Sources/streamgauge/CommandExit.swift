import ArgumentParser

/// How a command ends: what is said of an error, and the exit code.
enum CommandExit {
    /// The command line cannot be understood.
    static let usage: Int32 = 2
    /// The command failed.
    static let failure: Int32 = 1

    /// Says what there is to say and returns the exit code: help on standard output; an error on standard error, in one line.
    static func report(_ error: any Error, arguments: [String] = CommandLine.arguments) -> Int32 {
        let code = StreamGauge.exitCode(for: error)
        if code.isSuccess {
            StandardStream.output.tell(StreamGauge.fullMessage(for: error) + "\n")
            return 0
        }
        if let code = error as? ExitCode { return code.rawValue }
        guard code == .validationFailure else {
            StandardStream.error.tell("error: \(TerminalText.line("\(error)"))\n")
            return failure
        }
        let verbs = StreamGauge.configuration.subcommands.compactMap { $0._commandName }
        let verb = arguments.dropFirst().first.flatMap { verbs.contains($0) ? " \($0)" : nil } ?? ""
        let message = TerminalText.line(StreamGauge.message(for: error))
        StandardStream.error.tell("error: \(message) (see streamgauge\(verb) --help)\n")
        return usage
    }
}
