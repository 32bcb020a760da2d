import ArgumentParser

/// `streamgauge alerts`: rules that say when somebody has to know.
struct Alerts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks, tests and exports alert rules, and tries the channels they are told through.",
        discussion: """
            Rules are written as for Prometheus, over the metrics that /metrics shows, with a few keys more. Without a \
            file it is the shipped rules that are meant; pack prints them.

            EXAMPLES
              streamgauge alerts pack > rules.yml
              streamgauge alerts check rules.yml
              streamgauge alerts test rules.yml --replay progress.jsonl
              streamgauge alerts test rules-test.yml
              streamgauge alerts export rules.yml --prometheus > prometheus-rules.yml
              streamgauge alerts notify --channels channels.yml
            """,
        subcommands: [AlertsCheck.self, AlertsTest.self, AlertsExport.self, AlertsPack.self, AlertsNotify.self])
}

/// How a command tells.
enum AlertReportFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}
