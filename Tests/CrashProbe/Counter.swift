import Synchronization

/// Counts from 0, for several threads.
final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    /// The next number.
    func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// How many numbers were given out.
    var count: Int { value.load(ordering: .relaxed) }
}
