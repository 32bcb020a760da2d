import Dispatch
import Glibc
import LiveMonitoring

/// The view on a terminal: one loop over keys, ticks and signals, which alone draws.
struct TopScreen {
    private enum Event: Sendable { case keys([Key]), tick, resize, stop, again, end }

    let hub: MonitoringHub
    let abilities: TerminalAbilities
    /// Seconds between two looks at the hub, 1 and up.
    let interval: Int
    let remarks: TopRemarks

    private let drawing = DispatchQueue(label: "streamgauge.drawing")

    init(hub: MonitoringHub, abilities: TerminalAbilities, interval: Int, remarks: TopRemarks) {
        self.hub = hub
        self.abilities = abilities
        self.interval = interval
        self.remarks = remarks
    }

    /// Shows what the feed gives until somebody ends it; the terminal is then as it was.
    func run(_ feed: any MonitoringFeed) async throws {
        let (events, continuation) = AsyncStream<Event>.makeStream()
        let signals = TerminalSignals(
            onEnd: { continuation.yield(.end) }, onStop: { continuation.yield(.stop) },
            onContinue: { continuation.yield(.again) }, onResize: { continuation.yield(.resize) })
        TerminalMode.restoreOnCrash()
        let updates = hub.updates()
        defer { for line in remarks.take() { StandardStream.error.tell(line + "\n") } }
        try TerminalMode.enter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await hub.run([feed]) }
            group.addTask {
                for await _ in updates { continuation.yield(.tick) }
            }
            defer { group.cancelAll() }
            // Before the feed ends, since closing a client may take a while.
            defer { TerminalMode.leave() }
            let keys = TerminalKeys(
                descriptor: STDIN_FILENO, onKeys: { continuation.yield(.keys($0)) },
                onEnd: { continuation.yield(.end) })
            defer { withExtendedLifetime(keys) {} }
            try await show(events, signals)
        }
        withExtendedLifetime(signals) {}
    }

    private func show(_ events: AsyncStream<Event>, _ signals: TerminalSignals) async throws {
        var source = TopSource(hub, remarks: remarks)
        var model = TopModel(
            glyphs: abilities.hasUnicode ? .unicode : .ascii, size: .current(of: STDOUT_FILENO),
            picture: source.picture())
        var painter = ScreenPainter()
        var looked = ContinuousClock.now
        try await draw(&model, &painter)
        for await event in events {
            switch event {
            case .end: return
            case .resize: model.size = .current(of: STDOUT_FILENO)
            case .stop: try stop(&painter, signals)
            case .again:
                try TerminalMode.resume()
                model.size = .current(of: STDOUT_FILENO)
                painter.forget()
            case .tick:
                // Ticks come once a second, now and then a little early.
                guard interval == 1 || looked.duration(to: .now) > .seconds(interval) - .milliseconds(500) else {
                    continue
                }
                looked = .now
                look(&model, &source)
            case .keys(let keys):
                for key in keys {
                    let wasPaused = model.state.isPaused
                    defer { if wasPaused, !model.state.isPaused { look(&model, &source) } }
                    switch model.take(key) {
                    case .nothing: break
                    case .quit: return
                    case .stop: try stop(&painter, signals)
                    case .repaint: painter.forget()
                    }
                }
            }
            if let id = model.watched, model.needsDetail { model.take(hub.detail(of: id)) }
            try await draw(&model, &painter)
        }
    }

    /// Takes what is known now, unless the screen stands still.
    private func look(_ model: inout TopModel, _ source: inout TopSource) {
        let picture = source.picture()
        guard !model.state.isPaused else { return }
        model.take(picture)
        if let id = model.watched { model.take(hub.detail(of: id)) }
    }

    private func stop(_ painter: inout ScreenPainter, _ signals: TerminalSignals) throws {
        TerminalMode.leave()
        signals.stopJob()
        try TerminalMode.resume()
        painter.forget()
    }

    /// Writes what has changed, on a queue of its own: a terminal that takes nothing holds up nobody else.
    private func draw(_ model: inout TopModel, _ painter: inout ScreenPainter) async throws {
        let lines = model.lines().map { $0.encoded(hasColor: abilities.hasColor) }
        let text = painter.text(for: lines, size: model.size)
        guard !text.isEmpty else { return }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            drawing.async { continuation.resume(with: Result { try StandardStream.output.write(text) }) }
        }
    }
}
