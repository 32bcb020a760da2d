/// Why an event was not delivered.
public enum DropReason: String, Sendable, Hashable, CaseIterable {
    /// The buffer between the listener and the writer was full.
    case bufferFull
    /// There was no spool, and the memory for events that wait for the broker was full.
    case memoryFull
    /// The spool had reached its limit.
    case spoolFull
    /// The spool's disk refused to take it, and the memory for such events was full.
    case diskFailed
    /// The event is larger than the client or the broker allows, shortened too.
    case tooLarge
    /// The record was not delivered within the `message.timeout.ms` that was asked for, and there was no spool.
    case timedOut
    /// The spool's file no longer held it as it was written.
    case damaged
    /// The broker refused the record for good.
    case refused
    /// The forwarder was stopped before it was delivered and there was no spool, or it was offered later.
    case closed
}

/// What became of the events so far. At every moment, and exactly:
///
///     offered + recovered = acknowledged + buffered + spooled + all that is dropped
public struct ForwardingStatistics: Sendable, Hashable {
    /// Events that the listener was given and that are to be forwarded.
    public var offered = 0
    /// Events that an earlier process had left in the spool.
    public var recovered = 0
    /// Events that the broker has acknowledged.
    public var acknowledged = 0
    /// Events in memory only, on their way to the broker or to the spool.
    public var buffered = 0
    /// Events in the spool that are not acknowledged: these survive the process.
    public var spooled = 0
    /// Events given up, by reason.
    public var dropped: [DropReason: Int] = [:]
    /// Of the acknowledged events, those that were sent shortened because the whole was too large.
    public var shortened = 0
    /// How often a Kafka client had to be replaced.
    public var clientsReplaced = 0

    /// Creates counts.
    public init(
        offered: Int = 0, recovered: Int = 0, acknowledged: Int = 0, buffered: Int = 0, spooled: Int = 0,
        dropped: [DropReason: Int] = [:], shortened: Int = 0, clientsReplaced: Int = 0
    ) {
        self.offered = offered
        self.recovered = recovered
        self.acknowledged = acknowledged
        self.buffered = buffered
        self.spooled = spooled
        self.dropped = dropped
        self.shortened = shortened
        self.clientsReplaced = clientsReplaced
    }

    /// Events that are neither acknowledged nor given up.
    public var pending: Int { buffered + spooled }
    /// All events given up.
    public var droppedTotal: Int { dropped.values.reduce(0, +) }
    /// Whether every event is in exactly one place; false would be a fault of this library.
    public var isBalanced: Bool { offered + recovered == acknowledged + pending + droppedTotal }
}

/// What a forwarder has done in its life.
public struct DeliverySummary: Sendable, Hashable, CustomStringConvertible {
    /// The final counts; only what is spooled is still pending.
    public var statistics: ForwardingStatistics
    /// The folder in which spooled events wait for the next start; nil without a spool.
    public var spoolDirectory: String?

    /// Creates a summary.
    public init(statistics: ForwardingStatistics, spoolDirectory: String? = nil) {
        self.statistics = statistics
        self.spoolDirectory = spoolDirectory
    }

    /// Events that did not reach the broker and never will.
    public var undelivered: Int { statistics.droppedTotal }

    /// One sentence with the counts: `20 of 30 events delivered, 10 spooled in metrics-spool`.
    public var description: String {
        let all = statistics.offered + statistics.recovered
        var text = "\(statistics.acknowledged) of \(all) events delivered"
        if statistics.recovered > 0 { text += " (\(statistics.recovered) of an earlier run)" }
        if statistics.spooled > 0 {
            text += ", \(statistics.spooled) spooled" + (spoolDirectory.map { " in \($0)" } ?? "")
        }
        if statistics.shortened > 0 { text += ", \(statistics.shortened) of them shortened" }
        guard undelivered > 0 else { return text }
        let reasons = statistics.dropped.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key.rawValue) \($0.value)" }
        return "\(text), \(undelivered) dropped (\(reasons.joined(separator: ", ")))"
    }
}
