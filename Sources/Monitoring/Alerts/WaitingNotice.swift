/// A notice that a channel has been given and has not delivered yet, as it outlives a restart.
public struct WaitingNotice: Sendable, Hashable, Codable {
    /// The channel's name.
    public var channel: String
    /// What it is to be told: the part of a notice that is for this channel.
    public var notification: AlertNotification

    /// Describes one.
    public init(channel: String, notification: AlertNotification) {
        self.channel = channel
        self.notification = notification
    }

    /// The same for the same notice of the same channel, and another one for each other.
    public var key: String { "\(channel) \(notification.key)" }
}

extension [WaitingNotice] {
    /// The newest of them, in the order in which they stand.
    ///
    /// - Parameters:
    ///   - maximumCount: How many, at most.
    ///   - maximumAlerts: How many alerts they tell of together, at most.
    public func newest(maximumCount: Int, maximumAlerts: Int) -> [WaitingNotice] {
        let alerts = reduce(0) { $0 + $1.notification.alerts.count }
        guard count > maximumCount || alerts > maximumAlerts else { return self }
        var kept: Set<Int> = []
        var told = 0
        for place in indices.sorted(by: { (self[$1].notification.at, $1) < (self[$0].notification.at, $0) }) {
            guard kept.count < maximumCount else { break }
            let count = self[place].notification.alerts.count
            // The newest in any case; of the others each that fits in.
            guard kept.isEmpty || told + count <= maximumAlerts else { continue }
            told += count
            kept.insert(place)
        }
        return indices.filter(kept.contains).map { self[$0] }
    }
}
