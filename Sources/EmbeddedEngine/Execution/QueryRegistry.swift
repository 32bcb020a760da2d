import FoundationEssentials
import Logging
import StreamingMetrics
import StructuredStreaming
import Synchronization

/// The queries of a session and its listeners: Spark's query manager.
final class QueryRegistry: StreamingQueryManager {
    private struct State {
        var active: [EmbeddedStreamingQuery] = []
        /// Names of queries that are being started.
        var starting: Set<String> = []
        var isClosed = false
        var hasEnded = false
        var lastFailure: StreamingQueryException?
    }
    private let state = Mutex(State())
    /// Where events go.
    let bus: ListenerBus

    init(logger: Logger) { bus = ListenerBus(logger: logger) }

    var active: [any StreamingQuery] { state.withLock { $0.active } }

    func get(_ id: UUID) -> (any StreamingQuery)? { state.withLock { $0.active.first { $0.id == id } } }

    func awaitAnyTermination() async throws {
        while true {
            if try await awaitAnyTermination(timeout: .seconds(3600)) { return }
        }
    }

    func awaitAnyTermination(timeout: Duration) async throws -> Bool {
        let deadline = ContinuousClock.now + timeout
        while true {
            let (hasEnded, failure) = state.withLock { ($0.hasEnded, $0.lastFailure) }
            if let failure { throw failure }
            if hasEnded { return true }
            if ContinuousClock.now >= deadline { return false }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    func resetTerminated() {
        state.withLock { state in
            state.hasEnded = false
            state.lastFailure = nil
        }
    }

    func addListener(_ listener: any StreamingQueryListener) { bus.add(listener) }
    func removeListener(_ listener: any StreamingQueryListener) { bus.remove(listener) }
    func listListeners() -> [any StreamingQueryListener] { bus.listeners }

    /// Keeps a name for a query that is about to start.
    func reserve(name: String?) throws(EngineError) {
        guard let name else { return }
        let isFree = state.withLock { state in
            if state.starting.contains(name) || state.active.contains(where: { $0.name == name }) { return false }
            state.starting.insert(name)
            return true
        }
        if !isFree {
            throw EngineError(
                .illegalArgument,
                "Cannot start query with name \(name) as a query with that name is already active in this SparkSession",
                hint: "stop that query first, or give this one another name")
        }
    }

    /// Gives a reserved name back.
    func release(name: String?) {
        guard let name else { return }
        state.withLock { _ = $0.starting.remove(name) }
    }

    /// The running query on a checkpoint.
    func query(onCheckpoint path: String) -> EmbeddedStreamingQuery? {
        state.withLock { $0.active.first { $0.checkpointPath == path } }
    }

    /// Takes in a query that starts; refuses it when the session has been stopped meanwhile.
    func add(_ query: EmbeddedStreamingQuery) throws(EngineError) {
        let isOpen = state.withLock { state in
            if !state.isClosed { state.active.append(query) }
            return !state.isClosed
        }
        if !isOpen { throw Self.stopped }
    }

    /// Takes a query out that could not be started after all.
    func discard(_ query: EmbeddedStreamingQuery) { state.withLock { $0.active.removeAll { $0 === query } } }

    /// Lets no more queries in and returns those that run.
    func close() -> [EmbeddedStreamingQuery] {
        state.withLock { state in
            state.isClosed = true
            return state.active
        }
    }

    /// The error of a start after the session's end.
    static var stopped: EngineError {
        EngineError(.illegalState, "the session is stopped", hint: "make a new one to start queries")
    }

    /// Lets go of a query that has ended. A clean end never hides an earlier failure.
    func remove(_ query: EmbeddedStreamingQuery) {
        state.withLock { state in
            state.active.removeAll { $0 === query }
            state.hasEnded = true
            if let failure = query.exception { state.lastFailure = failure }
        }
    }
}
