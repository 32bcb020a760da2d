import Glibc
import Synchronization

/// Makes many calls that wait for the disk at the same time, each on a thread that may block.
///
/// The disk answers waits that come together with one flush: 400 files take 16 threads 50 ms and one thread 1.4 s. Swift's own
/// pool would be the wrong place: it has one thread a processor, and they must not block.
enum BlockingCalls {
    private static let threads = 16

    /// Calls `body` for each element, in no order, and throws the first error after all calls have ended.
    static func forEach<Element: Sendable>(
        _ elements: [Element], _ body: @escaping @Sendable (Element) throws -> Void
    ) throws {
        guard elements.count > 1 else { return try elements.forEach(body) }
        let work = Work(count: elements.count) { try body(elements[$0]) }
        var helpers: [pthread_t] = []
        for _ in 1..<min(threads, elements.count) {
            var thread = pthread_t()
            // Retained here, released where the thread starts; without a thread the others do its share.
            let context = Unmanaged.passRetained(work)
            let result = pthread_create(
                &thread, nil, { Unmanaged<Work>.fromOpaque($0!).takeRetainedValue().run() }, context.toOpaque())
            if result == 0 { helpers.append(thread) } else { context.release() }
        }
        _ = work.run()
        for helper in helpers { pthread_join(helper, nil) }
        if let error = work.firstError { throw error }
    }

    /// The elements not yet taken, and the first error.
    private final class Work: Sendable {
        private let next = Atomic(0)
        private let count: Int
        private let call: @Sendable (Int) throws -> Void
        private let error = Mutex<(any Error)?>(nil)

        init(count: Int, _ call: @escaping @Sendable (Int) throws -> Void) {
            self.count = count
            self.call = call
        }

        var firstError: (any Error)? { error.withLock { $0 } }

        /// Takes elements until none is left; the result is what a thread returns.
        func run() -> UnsafeMutableRawPointer? {
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return nil }
                do {
                    try call(index)
                } catch let failure {
                    error.withLock { if $0 == nil { $0 = failure } }
                }
            }
        }
    }
}
