import Dispatch
import Glibc
import Synchronization

/// What the system tells a program with a screen: that it is to end, to stop for a while, to go on, or that the size has changed.
final class TerminalSignals: Sendable {
    private static let ends = [SIGINT, SIGTERM, SIGHUP]

    private let endings = Atomic<Int>(0)
    private let isStopping = Atomic<Bool>(false)
    private let queue: DispatchQueue
    // DispatchSource is thread-safe; these are only kept alive here and cancelled once.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    /// Takes the signals over from the system.
    ///
    /// - Parameters:
    ///   - onEnd: Called at the first signal that ends; the second gives the terminal back and ends the process at once.
    ///   - onStop: Called when the process is to stop.
    ///   - onContinue: Called when it goes on after whatever stop.
    ///   - onResize: Called when the terminal's size has changed.
    init(
        onEnd: @escaping @Sendable () -> Void, onStop: @escaping @Sendable () -> Void,
        onContinue: @escaping @Sendable () -> Void, onResize: @escaping @Sendable () -> Void
    ) {
        let queue = DispatchQueue(label: "streamgauge.terminal-signals")
        self.queue = queue
        let others: [(Int32, @Sendable () -> Void)] = [
            (SIGTSTP, {}), (SIGCONT, onContinue), (SIGWINCH, onResize),
        ]
        let ends = Self.ends.map { ($0, DispatchSource.makeSignalSource(signal: $0, queue: queue)) }
        let rest = others.map { ($1, DispatchSource.makeSignalSource(signal: $0, queue: queue)) }
        sources = ends.map(\.1) + rest.map(\.1)
        for (number, source) in ends {
            source.setEventHandler { [weak self] in
                guard let self else { return }
                if self.endings.add(1, ordering: .relaxed).oldValue > 0 {
                    TerminalMode.leaveAtOnce()
                    _exit(128 + number)
                }
                onEnd()
            }
        }
        for (handler, source) in rest { source.setEventHandler(handler: handler) }
        rest[0].1.setEventHandler { [weak self] in
            guard let self, !self.isStopping.load(ordering: .relaxed) else { return }
            onStop()
        }
        for source in sources { source.takeOver() }
    }

    deinit { for source in sources { source.cancel() } }

    /// Stops this process and the rest of its job, as Ctrl-Z does, and returns when it goes on.
    func stopJob() {
        isStopping.store(true, ordering: .relaxed)
        // On the queue, behind what its handler may have been told of this stop itself.
        defer { queue.async { [weak self] in self?.isStopping.store(false, ordering: .relaxed) } }
        var stop = sigset_t()
        sigemptyset(&stop)
        sigaddset(&stop, SIGTSTP)
        var action = sigaction()
        var (before, blocked) = (sigaction(), sigset_t())
        action.__sigaction_handler.sa_handler = SIG_DFL
        sigaction(SIGTSTP, &action, &before)
        // The dispatch library blocks signals that it has taken over in each thread that gets one.
        pthread_sigmask(SIG_UNBLOCK, &stop, &blocked)
        if getpgrp() != getpid() { kill(0, SIGTSTP) }
        // To this thread, which then does not run on before the stop.
        raise(SIGTSTP)
        pthread_sigmask(SIG_SETMASK, &blocked, nil)
        sigaction(SIGTSTP, &before, nil)
    }
}
