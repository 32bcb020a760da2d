import Dispatch
import Glibc
import Synchronization

/// Reads keys from a terminal until it is closed.
final class TerminalKeys: Sendable {
    /// An escape byte that nothing follows for so long was the key; sequences come in one piece but over slow connections.
    private static let escapePause = DispatchTimeInterval.milliseconds(50)

    private struct State {
        var decoder = KeyDecoder()
        var reads: UInt64 = 0
    }

    private let descriptor: Int32
    private let onKeys: @Sendable ([Key]) -> Void
    private let onEnd: @Sendable () -> Void
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "streamgauge.keys")
    // A DispatchSource is thread-safe; it is only kept alive here and cancelled once.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// - Parameters:
    ///   - descriptor: The terminal, in raw mode.
    ///   - onKeys: Gets keys in the order in which they were pressed, on a queue of its own.
    ///   - onEnd: Called when nothing more can come.
    init(
        descriptor: Int32, onKeys: @escaping @Sendable ([Key]) -> Void, onEnd: @escaping @Sendable () -> Void
    ) {
        self.descriptor = descriptor
        self.onKeys = onKeys
        self.onEnd = onEnd
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { [weak self] in self?.read() }
        source.activate()
    }

    deinit { source.cancel() }

    private func read() {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count > 0 else {
            if count < 0, errno == EINTR || errno == EAGAIN { return }
            source.cancel()
            return onEnd()
        }
        let (keys, isWaiting, number) = state.withLock { state in
            state.reads += 1
            let keys = state.decoder.take(bytes.prefix(count))
            return (keys, state.decoder.isWaiting, state.reads)
        }
        if !keys.isEmpty { onKeys(keys) }
        guard isWaiting else { return }
        queue.asyncAfter(deadline: .now() + Self.escapePause) { [weak self] in self?.flush(after: number) }
    }

    private func flush(after number: UInt64) {
        let keys = state.withLock { $0.reads == number ? $0.decoder.flush() : [] }
        if !keys.isEmpty { onKeys(keys) }
    }
}
