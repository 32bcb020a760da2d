import FoundationEssentials
import StreamingMetrics

/// Picks the events of one query, told by its name, id or run id.
///
/// Idle and terminated events carry no name, and another producer's no header either; the names that a query's other events
/// had are remembered for them.
struct QueryFilter: Sendable {
    private let query: String
    private let id: UUID?
    private var named: Set<UUID> = []
    /// Enough for every query of a long life; beyond, names are learned anew.
    private static let maximumNamed = 10_000

    init(query: String) {
        self.query = query
        id = UUID(uuidString: query)
    }

    mutating func includes(_ event: StreamingQueryEvent, _ metadata: MetricsRecord.Metadata) -> Bool {
        if let id, event.id == id || event.runId == id { return true }
        switch name(of: event) ?? metadata.queryName {
        case query?:
            if named.count >= Self.maximumNamed { named.removeAll() }
            named.insert(event.id)
            return true
        case .some: return false
        case nil: return isNameless(event) && named.contains(event.id)
        }
    }

    private func name(of event: StreamingQueryEvent) -> String? {
        switch event {
        case .started(let event): event.name
        case .progress(let event): event.progress.name
        case .idle, .terminated: nil
        }
    }

    /// Whether its kind has no name; a started or progress event without one is of a query without one.
    private func isNameless(_ event: StreamingQueryEvent) -> Bool {
        switch event {
        case .started, .progress: false
        case .idle, .terminated: true
        }
    }
}
