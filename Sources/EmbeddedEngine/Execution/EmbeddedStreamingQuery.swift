import FoundationEssentials
import StreamingMetrics
import StructuredStreaming
import Synchronization

/// A query of the embedded engine as its user sees it. The query's own thread writes the state, everyone else reads it.
final class EmbeddedStreamingQuery: StreamingQuery {
    let id: UUID
    let runId: UUID
    let name: String?
    /// The checkpoint's directory.
    let checkpointPath: String
    /// Raised when the query shall end after its present batch.
    let stopSignal = WakeSignal()
    /// Whether the present batch shall be given up.
    let isCancelled = Atomic<Bool>(false)
    /// Opened when every listener has seen the started event.
    let started = Latch()
    /// Opened when the query has ended and its terminated event is posted.
    let terminated = Latch()
    /// Reads the whole result of an ended aggregation.
    let finalResult = Mutex<(@Sendable () throws -> [ColumnBatch]?)?>(nil)
    private let state = Mutex(QueryState())
    private let recentLimit: Int
    private let stopTimeoutMilliseconds: Int64

    init(id: UUID, runId: UUID, name: String?, checkpointPath: String, settings: EngineSettings) {
        self.id = id
        self.runId = runId
        self.name = name
        self.checkpointPath = checkpointPath
        recentLimit = settings.recentProgressUpdates
        stopTimeoutMilliseconds = settings.stopTimeoutMilliseconds
    }

    var isActive: Bool { state.withLock { $0.phase != .terminated } }
    var status: StreamingQueryStatus { state.withLock { $0.status } }
    var recentProgress: [StreamingQueryProgress] { state.withLock { $0.recentProgress } }
    var lastProgress: StreamingQueryProgress? { state.withLock { $0.recentProgress.last } }
    var exception: StreamingQueryException? { state.withLock { $0.exception } }

    func explain() -> String {
        state.withLock { $0.physicalPlan } ?? "No physical plan. Waiting for data."
    }

    func awaitTermination() async throws {
        try await terminated.wait()
        if let exception { throw exception }
    }

    func awaitTermination(timeout: Duration) async throws -> Bool {
        guard timeout > .zero else {
            throw EngineError(.illegalArgument, "awaitTermination needs a timeout above zero, not \(timeout)")
        }
        guard try await terminated.wait(timeout: timeout) else { return false }
        if let exception { throw exception }
        return true
    }

    func processAllAvailable() async throws {
        // A trigger that runs now may have looked at the source before the call, so two that found nothing must end.
        let seen = state.withLock { $0.idleTriggers }
        while state.withLock({ $0.phase != .terminated && $0.idleTriggers < seen + 2 }) {
            try await Task.sleep(for: .milliseconds(2))
        }
        if let exception { throw exception }
    }

    func stop() async throws {
        isCancelled.store(true, ordering: .releasing)
        try await stopGracefully()
    }

    func stopGracefully() async throws {
        stopSignal.raise()
        guard stopTimeoutMilliseconds > 0 else { return try await terminated.wait() }
        guard try await terminated.wait(timeout: .milliseconds(stopTimeoutMilliseconds)) else {
            throw EngineError(
                .illegalState,
                "query \(name ?? id.uuidString.lowercased()) did not stop within \(stopTimeoutMilliseconds) ms",
                hint: "its status is '\(status.message)'; raise spark.sql.streaming.stopTimeout")
        }
    }

    /// Changes what the query shows; called by its own thread.
    func update(_ change: (inout QueryState) -> Void) { state.withLock { change(&$0) } }

    /// Appends a progress entry; called by the query's own thread.
    func append(_ progress: StreamingQueryProgress) {
        state.withLock { $0.append(progress, limit: recentLimit) }
    }
}
