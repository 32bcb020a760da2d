import ArgumentParser

/// `streamgauge history`: what queries did, from the file that `serve --history` writes.
struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what queries did, from the file that serve --history writes.",
        discussion: """
            The file has each trigger for a day, minutes for 30 days and hours for a year. It can be read while serve \
            writes it, and made anew from the topics or from recorded events: the same events give the same file.

            EXAMPLES
              streamgauge history --history history.db
              streamgauge history --history history.db --query orders --since "2 hours ago"
              streamgauge history --history history.db --query orders --since "1 week ago" --resolution 1h --format csv
              streamgauge history --history history.db --query orders --states
              streamgauge history rebuild --history history.db --bootstrap-servers localhost:9092
            """,
        subcommands: [HistoryShow.self, HistoryRebuild.self], defaultSubcommand: HistoryShow.self)
}
