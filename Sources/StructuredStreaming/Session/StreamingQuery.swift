public import FoundationEssentials
public import StreamingMetrics

/// A running or ended streaming query.
public protocol StreamingQuery: AnyObject, Sendable {
    /// Identity of the query; kept in its checkpoint and so the same after a restart.
    var id: UUID { get }
    /// Identity of this run; new for each start.
    var runId: UUID { get }
    /// The query's name; nil when it has none.
    var name: String? { get }
    /// Whether it runs.
    var isActive: Bool { get }
    /// What it is doing right now.
    var status: StreamingQueryStatus { get }
    /// The last triggers' progress, oldest first: Spark's 100 minus one, see `spark.sql.streaming.numRecentProgressUpdates`.
    var recentProgress: [StreamingQueryProgress] { get }
    /// The last trigger's progress; nil before the first.
    var lastProgress: StreamingQueryProgress? { get }
    /// Why it failed; nil while it runs and after a clean end.
    var exception: StreamingQueryException? { get }

    /// Waits for the end; throws the query's exception if it failed.
    func awaitTermination() async throws
    /// Waits for the end at most this long and returns whether it came; throws the query's exception if it failed.
    func awaitTermination(timeout: Duration) async throws -> Bool
    /// Waits until all data that is there now is processed and written. For tests.
    func processAllAvailable() async throws
    /// Ends the query: the running batch is cancelled and will be run again at the next start.
    func stop() async throws
    /// Ends the query after the running batch.
    func stopGracefully() async throws
    /// The last batch's physical plan, or a sentence before the first batch.
    func explain() -> String
}
