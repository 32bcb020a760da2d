public import Monitoring

/// Channels, and which alerts are for which of them.
public struct AlertChannelPlan: Sendable, Hashable {
    /// The channels in the order of the file.
    public var channels: [ChannelSettings]
    /// The routes in their order; without one every alert is for every channel, but what fires all the time.
    public var routes: [AlertRoute]
    /// Where the monitor's pages are seen from outside; nil where nobody said.
    public var externalURL: String?
}

/// A channel as the file says it.
public struct ChannelSettings: Sendable, Hashable {
    /// What it leads to.
    public enum Kind: Sendable, Hashable {
        /// A server that is POSTed to.
        case webhook(WebhookSettings)
        /// An Alertmanager.
        case alertmanager(AlertmanagerSettings)
        /// People with a mailbox.
        case email(EmailSettings)
        /// A program.
        case command(CommandSettings)
        /// A topic of Kafka.
        case topic(TopicChannelSettings)
    }

    /// Its name, one of its kind.
    public let name: String
    /// What it leads to.
    public let kind: Kind
    /// Whether it is told of ends.
    public let sendsResolved: Bool
    let policy: DeliveryQueue.Policy
}

/// A topic for alerts, and how to reach its brokers.
public struct TopicChannelSettings: Sendable, Hashable {
    /// The topic.
    public let topic: String
    /// A file of `name=value` lines with options of Kafka; nil where there is none.
    public let configurationFile: String?
    /// Options of Kafka; they go before the file's.
    public let options: [String: ChannelSecret]
    /// How long a record may take.
    public let timeout: Duration
}

/// Which channels alerts are for.
public struct AlertRoute: Sendable, Hashable {
    /// What an alert must meet; all alerts do where there are none.
    public let matchers: [LabelMatcher]
    /// The names of the channels; none of them keeps the alerts back.
    public let channels: [String]
    /// Whether the routes after it are looked at too.
    public let continues: Bool

    /// The channels of an alert, by the first route that it meets; nil where it meets none, which is for all channels: no alert is
    /// lost by a gap between routes.
    static func channels(for alert: Alert, _ routes: [AlertRoute]) -> Set<String>? {
        var found: Set<String>?
        for route in routes
        where route.matchers.allSatisfy({ $0.accepts(alert.labels[$0.label] ?? "") }) {
            found = (found ?? []).union(route.channels)
            if !route.continues { break }
        }
        return found
    }
}

/// Makes channels of their settings.
public enum ChannelFactory {
    /// Makes a channel to Kafka: from its settings, its name, and where the monitor's pages are seen.
    public typealias TopicChannel =
        @Sendable (TopicChannelSettings, String, String?) throws(ChannelError) -> any AlertChannel

    /// Makes one channel of a plan.
    public static func channel(
        _ settings: ChannelSettings, in plan: AlertChannelPlan, makeTopicChannel: TopicChannel? = nil
    ) throws(ChannelError) -> any AlertChannel {
        let sender = NoticeSender(channel: settings.name, externalURL: plan.externalURL)
        let now: @Sendable () -> MonitorTime = { SystemChannelClock.time }
        switch settings.kind {
        case .webhook(let webhook): return WebhookChannel(webhook, sender: sender)
        case .alertmanager(let alertmanager): return AlertmanagerChannel(alertmanager, sender: sender, now: now)
        case .email(let email): return EmailChannel(email, sender: sender, now: now)
        case .command(let command): return CommandChannel(command, sender: sender)
        case .topic(let topic):
            guard let makeTopicChannel else {
                throw ChannelError(
                    code: .invalidConfiguration,
                    message: "cannot make the channel \(settings.name): this program has no channels to Kafka",
                    isRetriable: false)
            }
            return try makeTopicChannel(topic, settings.name, plan.externalURL)
        }
    }
}
