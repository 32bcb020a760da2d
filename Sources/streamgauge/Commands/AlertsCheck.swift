import AlertRuleFiles
import ArgumentParser

/// `streamgauge alerts check`: whether rules can be used.
struct AlertsCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Says what is wrong in rules files, with line and column.",
        discussion: """
            EXAMPLES
              streamgauge alerts check rules.yml
              streamgauge alerts check rules.yml more-rules.yml --format json

            The exit code is 1 when there is a problem.
            """)

    @Argument(help: ArgumentHelp("The rules files.", valueName: "rules"))
    var files: [String]

    @Option(help: "How to tell: text, or json (one object a file).")
    var format = AlertReportFormat.text

    func run() throws {
        var isWrong = false
        for file in files {
            let report = AlertCheckReport(file: file, result: try AlertFiles.check(file))
            if !report.problems.isEmpty { isWrong = true }
            try StandardStream.output.write((format == .json ? report.json : report.text) + "\n")
        }
        if isWrong { throw ExitCode(CommandExit.failure) }
    }
}
