import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM: the first one stops cleanly, the second one ends the process at once.
final class StopSignals: Sendable {
    private let count = Atomic<Int>(0)
    private let stops: AsyncStream<Int32>
    // DispatchSource is thread-safe; these are only kept alive here and cancelled once.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    /// Takes the signals over from the system.
    init() {
        let (stops, continuation) = AsyncStream<Int32>.makeStream()
        self.stops = stops
        let queue = DispatchQueue(label: "streamgauge.signals")
        sources = [SIGINT, SIGTERM].map { DispatchSource.makeSignalSource(signal: $0, queue: queue) }
        for (source, number) in zip(sources, [SIGINT, SIGTERM]) {
            source.setEventHandler { [weak self] in
                guard let self else { return }
                if self.count.add(1, ordering: .relaxed).oldValue > 0 { _exit(128 + number) }
                continuation.yield(number)
            }
            source.takeOver()
        }
    }

    deinit { for source in sources { source.cancel() } }

    /// Whether a signal has come.
    var hasStopped: Bool { count.load(ordering: .relaxed) > 0 }

    /// Waits for the first signal; returns without one when the task is cancelled.
    func wait() async { for await _ in stops { return } }

    /// Runs the work, and `stop` beside it when a signal comes; `stop` is to make the work end.
    func whileRunning<Result: Sendable>(
        stop: @escaping @Sendable () async throws -> Void, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        async let stopping: Void = {
            await wait()
            if hasStopped { try await stop() }
        }()
        let result = try await work()
        if hasStopped { try await stopping }
        return result
    }

    /// Runs the work, and cancels it when a signal comes.
    func cancelling<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                await self.wait()
                return nil
            }
            // Either the work is over, or a signal came and the work is now told to end.
            if let result = try await group.next() ?? nil {
                group.cancelAll()
                return result
            }
            group.cancelAll()
            guard let result = try await group.next() ?? nil else { throw CancellationError() }
            return result
        }
    }
}
