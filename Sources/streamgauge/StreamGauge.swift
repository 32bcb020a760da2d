import ArgumentParser
import Glibc
import Kafka

/// The command line: each verb is one file in `Commands`.
@main
struct StreamGauge: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "streamgauge",
        abstract: "Runs streaming queries, carries their metrics to Kafka and back, and watches them.",
        discussion: """
            EXAMPLES
              streamgauge demo
              streamgauge broker --port 9092
              streamgauge run --json data/activity-data \\
                --sql "SELECT gt, count(*) AS count FROM input GROUP BY gt" \\
                --trigger available-now --bootstrap-servers localhost:9092
              streamgauge forward progress.jsonl --bootstrap-servers localhost:9092
              streamgauge consume --bootstrap-servers localhost:9092 --from-beginning
              streamgauge serve --bootstrap-servers localhost:9092
              streamgauge history --history history.db --query test_stream --since "2 hours ago"
              streamgauge top --bootstrap-servers localhost:9092
              streamgauge alerts test --replay progress.jsonl
              streamgauge doctor --bootstrap-servers localhost:9092

            The exit code is 0 when all went well, 1 when something failed, 2 when the command line is wrong.
            """,
        version: version,
        subcommands: [
            Run.self, Forward.self, Consume.self, Serve.self, Top.self, History.self, Alerts.self, Spool.self,
            Doctor.self, Broker.self, Demo.self,
        ])

    static func main() async {
        ProcessLimits.keepAddresses()
        do {
            var command = try parseAsRoot()
            // Before anything begins that cannot do without: signals already need files of their own.
            if let command = command as? any DemandingCommand { try type(of: command).requireNeeds() }
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Glibc.exit(CommandExit.report(error))
        }
    }
}
