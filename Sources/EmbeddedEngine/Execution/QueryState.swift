import StreamingMetrics
import StructuredStreaming

/// What a query shows to other threads, as one value behind a lock.
struct QueryState {
    /// Where the query is in its life.
    enum Phase: Equatable {
        case initializing
        case active
        case terminated
    }

    var phase = Phase.initializing
    var status = StreamingQueryStatus(
        message: "Initializing StreamExecution", isDataAvailable: false, isTriggerActive: false)
    var exception: StreamingQueryException?
    private(set) var recentProgress: [StreamingQueryProgress] = []
    /// Triggers that found nothing new, for those who wait until all data is processed.
    var idleTriggers = 0
    /// The last batch's physical plan.
    var physicalPlan: String?

    /// Appends an entry and keeps fewer than `limit`, as Spark does: with 100 there are at most 99.
    mutating func append(_ progress: StreamingQueryProgress, limit: Int) {
        recentProgress.append(progress)
        if recentProgress.count >= limit { recentProgress.removeFirst(recentProgress.count - limit + 1) }
    }
}
