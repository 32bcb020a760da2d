import AlertRuleFiles
import ArgumentParser
import Monitoring

/// `streamgauge alerts check`: whether rules can be used.
struct AlertsCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Says what is wrong in files of rules and of channels, with line and column.",
        discussion: """
            EXAMPLES
              streamgauge alerts check rules.yml
              streamgauge alerts check rules.yml more-rules.yml --format json
              streamgauge alerts check rules.yml --channels channels.yml

            The exit code is 1 when there is a problem.
            """)

    @Argument(help: ArgumentHelp("The rules files.", valueName: "rules"))
    var files: [String] = []

    @Option(
        help: ArgumentHelp("A file of channels; files and variables that it names must be there.", valueName: "file"))
    var channels: String?

    @Option(help: "How to tell: text, or json (one object a file).")
    var format = AlertReportFormat.text

    func validate() throws {
        if files.isEmpty, channels == nil { throw ValidationError("name a rules file, or one of --channels") }
        if channels == "" {
            throw ValidationError("--channels has an empty value: give one, or leave the option out")
        }
    }

    func run() throws {
        var isWrong = false
        var rules: AlertRules?
        for file in files {
            let report = AlertCheckReport(file: file, result: try AlertFiles.check(file, besides: &rules))
            if !report.problems.isEmpty { isWrong = true }
            try StandardStream.output.write((format == .json ? report.json : report.text) + "\n")
        }
        if let channels {
            let report = ChannelCheckReport(file: channels, result: try ChannelFiles.check(channels))
            if !report.problems.isEmpty { isWrong = true }
            try StandardStream.output.write((format == .json ? report.json : report.text) + "\n")
        }
        if isWrong { throw ExitCode(CommandExit.failure) }
    }
}
