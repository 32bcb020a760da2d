import Dispatch
import Synchronization

/// Whether work that blocks is to be broken off.
final class CancellationFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .relaxed) }
}

/// A thread for what blocks, apart from the threads of the pool. One piece of work at a time.
final class BlockingWork: Sendable {
    private let queue: DispatchQueue

    init(_ name: String) { queue = DispatchQueue(label: "streamgauge.channel.\(name)") }

    /// Does the work, and asks it to break off when the task is cancelled.
    func run<Success: Sendable>(
        _ body: @escaping @Sendable (CancellationFlag) throws(ChannelError) -> Success
    ) async throws(ChannelError) -> Success {
        let flag = CancellationFlag()
        let result: Result<Success, ChannelError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async {
                    continuation.resume(returning: Result { () throws(ChannelError) in try body(flag) })
                }
            }
        } onCancel: {
            flag.set()
        }
        return try result.get()
    }
}
