public import Monitoring

/// Where a hub's events come from.
public protocol MonitoringFeed: Sendable {
    /// What its health is told under.
    var name: String { get }

    /// Gives its events to the hub until they end or the task is cancelled, and reports how it goes.
    ///
    /// - Throws: What ends it for good; it is told as its health, and a server goes on without it.
    func run(into hub: MonitoringHub) async throws
}

/// How a feed does.
public struct FeedHealth: Sendable, Hashable {
    /// What a feed does at the moment.
    public enum State: String, Sendable, Hashable, Codable, CaseIterable {
        /// It has not heard from its source yet.
        case connecting
        /// It reads events that were there before it.
        case catchingUp
        /// It hears events as they come.
        case live
        /// Its source cannot be reached; it comes back by itself.
        case away
        /// It has read everything there was.
        case ended
        /// It has ended with an error.
        case failed
    }

    /// The feed's name.
    public var name: String
    /// What it does.
    public var state = State.connecting
    /// When its last event came, in the hub's time.
    public var lastEventAt: MonitorTime?
    /// Records that wait in its source; nil where it does not say.
    public var lagRecords: Int64?
    /// Whether what it has given are events from before it, and it has not come to their end: what is known of their queries is of the
    /// past.
    public var isBehindPresent = false
    /// What went wrong last; nil while all is well.
    public var error: String?
    /// Records, lines or calls that were read.
    public var records: UInt64 = 0
    /// Events among them.
    public var events: UInt64 = 0
    /// Records or lines that hold no event.
    public var unreadable: UInt64 = 0
    /// Copies of events that were there before.
    public var copies: UInt64 = 0
    /// Events that are known to be missing.
    public var missing: UInt64 = 0
    /// Ranges of records that the source has lost.
    public var lostRanges: UInt64 = 0
    /// Times that something went wrong.
    public var errors: UInt64 = 0

    /// A feed that has not been heard of.
    public init(name: String) { self.name = name }
}
