import FoundationEssentials
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Synchronization

/// Says once on standard error that a query's silence cannot be told from idleness, and what can be done about it: no rule about stalled
/// queries sees such a one.
final class SilenceHint: HubObserver {
    private let tell: @Sendable (String) -> Void
    private let isTold = Mutex(false)

    init(tell: @escaping @Sendable (String) -> Void = { StandardStream.error.tell($0) }) { self.tell = tell }

    func take(_ event: StreamingQueryEvent, at time: MonitorTime, queryName: String?, changes: [QueryTransition]) {
        take(changes)
    }

    func take(_ changes: [QueryTransition]) {
        guard let change = changes.first(where: \.mayBeIdle) else { return }
        let isNew = isTold.withLock { isTold in
            defer { isTold = true }
            return !isTold
        }
        guard isNew else { return }
        tell(
            """
            note: query \(change.id.uuidString.lowercased()) is silent and counts as unknown, not as stalled: what its listener sends does not \
            tell an idle query from one that hangs. Have it forward onQueryIdle as well (Spark 3.5 and later), or start with --silence-is-stall \
            where such queries always have data. (Said once; other queries may be the same.)

            """)
    }

    func makeRoom() async {}
}
