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

    /// The series of the fleet as a whole.
    var families: [(family: MetricFamily, samples: [MetricSample])] {
        PrometheusExposition.families(
            states: Dictionary(snapshots.map { ($0.state, 1) }) { $0 + $1 }, expired: expired)
    }
}

extension QueryFleet {
    /// What is known of all queries at a moment, in the order of their names and then ids.
    public func report(at time: MonitorTime) -> FleetReport {
        FleetReport(snapshots: snapshots(at: time), expired: expired)
    }
}
