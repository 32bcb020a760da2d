import Monitoring
import StreamingMetrics

/// Which program gets the notices.
public struct CommandSettings: Sendable, Hashable {
    /// The program's path and its arguments; no shell reads them.
    var arguments: [String]
    /// What its environment has; nothing is inherited.
    var environment: [String: ChannelSecret] = [:]
    var timeout: Duration = .seconds(10)
}

/// Runs a program for each notice, which gets it as JSON on its standard input.
final class CommandChannel: AlertChannel {
    private let settings: CommandSettings
    private let sender: NoticeSender
    private let work: BlockingWork

    init(_ settings: CommandSettings, sender: NoticeSender) {
        self.settings = settings
        self.sender = sender
        work = BlockingWork(sender.channel)
    }

    var destination: String { settings.arguments[0] }

    func deliver(_ notification: AlertNotification) async throws(ChannelError) {
        let input = Array((NoticeJSON.object(notification, sender).jsonText + "\n").utf8)
        let run = CommandRun(
            arguments: settings.arguments, environment: settings.environment.mapValues(\.text), input: input,
            timeout: settings.timeout)
        let secrets = Array(settings.environment.values)
        try await work.run { flag throws(ChannelError) in
            do throws(ChannelError) {
                try run.run(flag)
            } catch {
                throw ChannelError(
                    code: error.code, message: error.message.without(secrets), isRetriable: error.isRetriable)
            }
        }
    }
}
