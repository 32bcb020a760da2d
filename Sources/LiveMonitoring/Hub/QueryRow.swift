public import FoundationEssentials
public import Monitoring

/// A query as lists show it.
public struct QueryRow: Sendable, Hashable {
    /// Points of the sparkline at most.
    public static let sparklinePoints = 60

    /// The moment it is about.
    public var at: MonitorTime
    /// What is known of the query.
    public var snapshot: QuerySnapshot
    /// Rows a second processed by its last triggers, the oldest first; nil where a progress does not say.
    public var sparkline: [Double?]
    /// How many of its alerts fire.
    public var firing: Int
    /// The number of the change that the row shows.
    public var changedAt: UInt64
}

/// All that is known of one query at a moment.
public struct QueryDetail: Sendable, Hashable {
    /// What is known of the query.
    public var snapshot: QuerySnapshot
    /// Each source's partitions, in the order of the plan.
    public var partitions: [[PartitionLag]]
    /// Its last changes of state, the oldest first.
    public var transitions: [QueryTransition]
    /// When runs after the first began, the oldest first.
    public var restarts: [MonitorTime]
    /// Its alerts: those that fire, those that are pending, and those that resolved lately.
    public var alerts: [Alert]
    /// The points asked for, the oldest first.
    public var points: [HistoryPoint]
}

/// What has changed between two moments, for a reader that has seen everything up to the first.
public struct HubChanges: Sendable, Hashable {
    /// One change that is told by itself.
    public enum Event: Sendable, Hashable {
        /// A query's state has changed.
        case transition(QueryTransition)
        /// Queries were forgotten.
        case removed([UUID])
        /// The watched query has another point.
        case point(HistoryPoint)
    }

    /// The moment it is about.
    public var at: MonitorTime
    /// The reader has seen everything up to this change.
    public var after: UInt64
    /// And with these everything up to this one.
    public var through: UInt64
    /// Queries that have changed, as they are now, in the order of titles.
    public var rows: [QueryRow]
    /// Alerts that have changed, as they are now. One that was pending and ceased to be is told as resolved, without having fired.
    public var alerts: [Alert]
    /// The rest, in the order of their numbers.
    public var events: [NumberedEvent]
    /// The watched query as it is now; nil where none is watched or it is not known.
    public var watched: QueryDetail?

    /// A change with its number.
    public struct NumberedEvent: Sendable, Hashable {
        /// The number.
        public var number: UInt64
        /// The change.
        public var event: Event
    }
}
