import AlertRuleFiles
import ArgumentParser
import Monitoring

/// `streamgauge alerts export`: rules for other programs.
struct AlertsExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes rules for Prometheus, to standard output.",
        discussion: """
            What Prometheus does not have in a rules file, such as inhibitions, stands in comments.

            EXAMPLES
              streamgauge alerts export --prometheus > prometheus-rules.yml
              streamgauge alerts export rules.yml --prometheus | promtool check rules
            """)

    @Argument(help: ArgumentHelp("The rules file; the shipped rules without one.", valueName: "rules"))
    var file: String?

    @Flag(help: "For Prometheus, as promtool check rules accepts it.")
    var prometheus = false

    func validate() throws {
        guard prometheus else { throw ValidationError("say for whom: --prometheus") }
    }

    func run() throws {
        try StandardStream.output.write(PrometheusRules.text(of: try AlertFiles.rules(file.map { [$0] } ?? [])))
    }
}

/// `streamgauge alerts pack`: the rules that come with the program.
struct AlertsPack: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Writes the shipped rules, with the reason of each, to standard output.",
        discussion: """
            EXAMPLES
              streamgauge alerts pack > rules.yml
            """)

    func run() throws { try StandardStream.output.write(ShippedRules.text) }
}
