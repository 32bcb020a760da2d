import AlertChannels
import ArgumentParser
import Foundation
import Monitoring
import StreamingMetrics

/// `streamgauge alerts notify`: whether channels work.
struct AlertsNotify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notify",
        abstract: "Sends a test alert through channels, and says what came of it.",
        discussion: """
            The alert is called StreamGaugeTest and has the label test="true". Routes are not looked at: every channel gets \
            it, or those of --channel. Nothing is tried twice.

            EXAMPLES
              streamgauge alerts notify --channels channels.yml
              streamgauge alerts notify --channels channels.yml --channel mail --channel chat
              streamgauge alerts notify --channels channels.yml --resolved

            The exit code is 1 when a channel failed.
            """)

    @Option(help: ArgumentHelp("The file of channels.", valueName: "file"))
    var channels: String

    @Option(help: ArgumentHelp("A channel to use, by its name; may be given several times.", valueName: "name"))
    var channel: [String] = []

    @Flag(help: "Send the alert as resolved instead of firing.")
    var resolved = false

    @Option(help: "How to tell: text, or json (one object a channel).")
    var format = AlertReportFormat.text

    func run() async throws {
        let plan = try ChannelFiles.plan(channels)
        let names = plan.channels.map(\.name)
        if let unknown = channel.first(where: { !names.contains($0) }) {
            throw CommandError(
                "there is no channel \(unknown) in \(channels)", hint: "there are \(names.joined(separator: ", "))")
        }
        let chosen = plan.channels.filter { channel.isEmpty || channel.contains($0.name) }
        let notification = Self.notification(
            resolved ? .resolved : .firing,
            at: MonitorTime(millisecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1000)))
        var hasFailed = false
        for settings in chosen {
            let report = await ChannelTrial(settings, in: plan).run(notification)
            if report.failure != nil { hasFailed = true }
            try StandardStream.output.write((format == .json ? report.json : report.text) + "\n")
        }
        if hasFailed { throw ExitCode(CommandExit.failure) }
    }

    private static func notification(_ state: Alert.State, at now: MonitorTime) -> AlertNotification {
        let alert = Alert(
            name: "StreamGaugeTest", state: state, labels: ["test": "true", "severity": "none"],
            annotations: ["summary": "This is a test of StreamGauge's alert channels; nothing is wrong."],
            activeAt: now, firedAt: now, resolvedAt: state == .resolved ? now : nil,
            reason: "somebody ran streamgauge alerts notify")
        return AlertNotification(
            key: UUID().uuidString.lowercased(), group: #"{alertname="StreamGaugeTest"}"#, at: now,
            bestBefore: now + .seconds(300), groupLabels: ["alertname": "StreamGaugeTest"], alerts: [alert])
    }
}

/// One delivery through one channel.
struct ChannelTrial {
    /// What came of it.
    struct Report {
        let channel: String
        let destination: String?
        let milliseconds: Int64
        let failure: String?

        var text: String {
            let place = destination.map { " to \($0)" } ?? ""
            return TerminalText.line(
                failure.map { "\(channel): failed: \($0)" } ?? "\(channel): delivered\(place) in \(milliseconds) ms")
        }

        var json: String {
            JSONValue.object([
                .init("channel", .string(channel)), .init("destination", destination.map { .string($0) } ?? .null),
                .init("delivered", .bool(failure == nil)), .init("milliseconds", .integer(milliseconds)),
                .init("error", failure.map { .string($0) } ?? .null),
            ]).jsonText
        }
    }

    private let settings: ChannelSettings
    private let plan: AlertChannelPlan

    init(_ settings: ChannelSettings, in plan: AlertChannelPlan) {
        self.settings = settings
        self.plan = plan
    }

    func run(_ notification: AlertNotification) async -> Report {
        let start = ContinuousClock.now
        func report(_ destination: String?, _ failure: ChannelError?) -> Report {
            let (seconds, attoseconds) = (ContinuousClock.now - start).components
            return Report(
                channel: settings.name, destination: destination,
                milliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000, failure: failure?.message)
        }
        do throws(ChannelError) {
            let channel = try ChannelFactory.channel(settings, in: plan, makeTopicChannel: ChannelFiles.topicChannel)
            do throws(ChannelError) {
                try await channel.deliver(notification)
            } catch {
                await channel.close()
                return report(channel.destination, error)
            }
            await channel.close()
            return report(channel.destination, nil)
        } catch {
            return report(nil, error)
        }
    }
}
