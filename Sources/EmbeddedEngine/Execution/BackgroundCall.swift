import Dispatch
import Synchronization

/// Work on another thread that its starter waits for later, such as a wait for the disk.
final class BackgroundCall: Sendable {
    private let group = DispatchGroup()
    private let failure = Mutex<(any Error)?>(nil)

    /// Starts the work.
    init(_ body: @escaping @Sendable () throws -> Void) {
        DispatchQueue.global(qos: .userInitiated).async(group: group) { [self] in
            do {
                try body()
            } catch {
                failure.withLock { $0 = error }
            }
        }
    }

    /// Waits for the end and throws what the work threw.
    func wait() throws {
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
