/// Why an event was not delivered.
public enum DropReason: String, Sendable, Hashable, CaseIterable {
    /// The buffer was full, and this was the oldest event in it.
    case bufferFull
    /// The record is larger than the client or the broker allows.
    case tooLarge
    /// The record was not delivered within `message.timeout.ms`.
    case timedOut
    /// The broker refused it for good, such as for a missing right.
    case refused
    /// The forwarder was closed before it was delivered, or when it was offered.
    case closed
}

/// What became of the events so far. At every moment `offered` = `acknowledged` + `pending` + all that is dropped.
public struct ForwardingStatistics: Sendable, Hashable {
    /// Events that the listener was given and that are to be forwarded.
    public var offered = 0
    /// Events that the broker has acknowledged.
    public var acknowledged = 0
    /// Events in the buffer or on their way.
    public var pending = 0
    /// Events given up, by reason.
    public var dropped: [DropReason: Int] = [:]

    /// All events given up.
    public var droppedTotal: Int { dropped.values.reduce(0, +) }
}

/// What a forwarder has done in its life.
public struct DeliverySummary: Sendable, Hashable, CustomStringConvertible {
    /// The final counts; nothing is pending any more.
    public var statistics: ForwardingStatistics

    /// Events that did not reach the broker.
    public var undelivered: Int { statistics.droppedTotal }

    /// One sentence with the counts.
    public var description: String {
        let delivered = "\(statistics.acknowledged) of \(statistics.offered) events delivered"
        guard undelivered > 0 else { return delivered }
        let reasons = statistics.dropped.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key.rawValue) \($0.value)" }
        return "\(delivered), \(undelivered) not (\(reasons.joined(separator: ", ")))"
    }
}
