/// What is known of all queries at a moment, for those who write it down. It shares no memory with the fleet, which so can go on
/// without copying anything.
public struct FleetReport: Sendable {
    /// The queries, in the order in which they are written.
    public var snapshots: [QuerySnapshot]
    /// Queries that were forgotten because of their age, or to make room.
    public var expired: UInt64

    /// Takes what is known.
    public init(snapshots: [QuerySnapshot], expired: UInt64) {
        self.snapshots = snapshots
        self.expired = expired
    }
}

extension QueryFleet {
    /// What is known of all queries at a moment, in the order of their names and then ids.
    public func report(at time: MonitorTime) -> FleetReport {
        FleetReport(snapshots: snapshots(at: time), expired: expired)
    }
}
