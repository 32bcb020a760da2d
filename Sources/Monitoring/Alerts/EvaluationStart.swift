import FoundationEssentials

/// What has been heard since an evaluator began of the queries whose alerts it was given.
///
/// After a restart a monitor knows a query by the old events that it read, and by none of what was happening meanwhile: one that hangs
/// looks as if it worked until it has been silent for its time once more, and one that is behind needs some batches to show it again.
struct EvaluationStart: Sendable {
    /// Events after which a query's state is its own again; a monitor knows a backlog by fewer.
    private static let enoughForState: UInt64 = 6

    private struct Query: Sendable {
        /// Events that were known when it was seen first.
        var events: UInt64
        var heard: UInt64 = 0
        var state: QueryState
    }

    private let ids: Set<UUID>
    private var queries: [UUID: Query] = [:]
    /// For how long something could be seen.
    private var milliseconds: Int64 = 0

    init(_ state: AlertEvaluatorState?) { ids = Set((state?.alerts ?? []).compactMap { Self.id($0.record.series) }) }

    /// Whether it was given no alerts.
    var isEmpty: Bool { ids.isEmpty }

    /// Takes a moment.
    mutating func note(_ input: AlertInput, _ elapsed: Int64) {
        guard !ids.isEmpty else { return }
        if !input.feeds.contains(where: { !$0.isUp }) { milliseconds = milliseconds.addingSaturated(elapsed) }
        for snapshot in input.queries where ids.contains(snapshot.id) {
            var query = queries[snapshot.id] ?? Query(events: snapshot.counts.events, state: snapshot.state)
            query.heard = snapshot.counts.events >= query.events ? snapshot.counts.events - query.events : 0
            query.state = snapshot.state
            queries[snapshot.id] = query
        }
    }

    /// Whether what is known of the query that labels name, if they name one, is what it does now.
    ///
    /// - Parameters:
    ///   - judgesState: Whether it is the query's state that counts, which takes some events.
    ///   - grace: Milliseconds after which fewer are enough.
    func isSettled(_ labels: [MetricLabel], judgesState: Bool, grace: Int64) -> Bool {
        guard let query = Self.id(labels).flatMap({ queries[$0] }) else { return true }
        // A silence that is too long is judged as such.
        if query.state.isEnded || query.state == .stalled || query.state == .unknown { return true }
        guard query.heard > 0 else { return false }
        return !judgesState || query.heard >= Self.enoughForState || milliseconds >= grace
    }

    private static func id(_ labels: [MetricLabel]) -> UUID? {
        labels.first { $0.name == "id" }.flatMap { UUID(uuidString: $0.value) }
    }
}
