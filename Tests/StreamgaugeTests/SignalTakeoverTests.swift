import Dispatch
import Glibc
import Synchronization
import Testing

@testable import streamgauge

/// Signals that are taken over from the system, of those whose loss would show: the system ignores them by itself.
@Suite struct SignalTakeoverTests {
    private final class Seen: Sendable {
        let count = Atomic<Int>(0)
    }

    @Test(arguments: [SIGURG, SIGWINCH])
    func `a signal that comes right after it was taken over is seen`(number: Int32) async throws {
        let seen = Seen()
        let source = DispatchSource.makeSignalSource(signal: number, queue: DispatchQueue(label: "signals"))
        source.setEventHandler { seen.count.add(1, ordering: .relaxed) }
        source.takeOver()
        defer { source.cancel() }
        kill(getpid(), number)
        for _ in 0..<3000 where seen.count.load(ordering: .relaxed) == 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(seen.count.load(ordering: .relaxed) == 1)
    }
}
