import Monitoring
import StreamingMetrics

/// What a history is told, one after another.
enum HistoryEntry: Sendable {
    /// An event, when it came, and the name that its feed has for its query.
    case event(StreamingQueryEvent, at: MonitorTime, queryName: String?)
    /// A change of a query's state.
    case transition(QueryTransition)
}
