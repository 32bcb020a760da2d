import ArgumentParser
import LiveMonitoring
import Monitoring

/// Which alert rules a monitor judges, and where it keeps what it knows of alerts.
struct AlertOptions: ParsableArguments, Sendable {
    @OptionGroup var rules: RuleOptions

    @Option(
        help: ArgumentHelp(
            "Keep in this file which alerts are pending and firing, and what channels have not delivered, so that a restart "
                + "neither forgets nor repeats them.",
            valueName: "file"))
    var alertState: String?

    @Option(
        help: ArgumentHelp(
            "Tell of alerts through the channels of this file too; see streamgauge alerts notify.", valueName: "file"))
    var channels: String?

    func validate() throws {
        for (option, value) in [("--alert-state", alertState), ("--channels", channels)] where value == .some("") {
            throw ValidationError("\(option) has an empty value: give one, or leave the option out")
        }
        guard rules.noRules else { return }
        if alertState != nil { throw ValidationError("--alert-state is for alerts: leave --no-rules out") }
        if channels != nil { throw ValidationError("--channels is for alerts: leave --no-rules out") }
    }

    /// Says which rules ask for nothing that a server has.
    static func warn(of rules: AlertRules) {
        let elsewhere = Set(FeedStatus.processFamilies.map(\.name))
        for rule in rules.rules {
            let metrics = rule.expression.metrics
            // What asks for their absence has its answer here.
            guard !metrics.isEmpty, metrics.isSubset(of: elsewhere), rule.noData != .alert,
                !rule.expression.text.contains("absent")
            else { continue }
            StandardStream.error.tell(
                TerminalText.line(
                    "warning: the rule \(rule.name) never fires here: \(metrics.sorted().joined(separator: ", ")) "
                        + "is known in the forwarder's or consumer's own process; have Prometheus scrape that, and give it the rule "
                        + "(streamgauge alerts export --prometheus)") + "\n")
        }
    }

    /// Reads the rules and the state; nil where no rules are wanted.
    ///
    /// - Parameter channels: Are told besides standard error.
    func watch(isReplay: Bool, channels: LiveChannels? = nil) throws -> AlertWatch? {
        guard !rules.noRules else { return nil }
        let rules = try AlertFiles.rules(rules.files)
        if !self.rules.files.isEmpty { Self.warn(of: rules) }
        let file = try alertState.map { try AlertStateFile(path: $0) }
        if channels == nil, let count = file?.waiting.count, count > 0 {
            StandardStream.error.tell(
                "warning: \(NumberText.count(count, "notice")) of alerts that channels did not deliver before "
                    + "will not be delivered: no --channels is given\n")
        }
        let handlers: [any AlertNotificationHandler] = [LoggedNotifications()] + (channels.map { [$0] } ?? [])
        return AlertWatch(
            rules: rules, handler: AlertNotificationHandlers(handlers), stateFile: file, isReplay: isReplay,
            onStateFailure: { StandardStream.error.tell("warning: \(TerminalText.line("\($0)"))\n") })
    }
}
