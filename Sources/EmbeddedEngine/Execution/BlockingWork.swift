import Synchronization

/// Runs work that blocks (file input and output, waiting for threads) on a thread of its own, so that it holds none of the few
/// that Swift's tasks share.
enum BlockingWork {
    /// Runs `body` and returns what it returns.
    static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try OSThread.start {
                    continuation.resume(with: Swift.Result { try body() })
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}

/// A flag that is set once, by any thread.
final class CancelFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Whether it is set.
    var isSet: Bool { flag.load(ordering: .acquiring) }

    /// Sets it.
    func set() { flag.store(true, ordering: .releasing) }
}
