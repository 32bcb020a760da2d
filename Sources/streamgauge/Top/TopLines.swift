import LiveMonitoring

/// The view where there is no terminal: lines at an interval, or once.
struct TopLines {
    /// Brokers that are away for so many seconds keep `--once` from an answer, unless another number is given.
    static let contactSeconds = 10

    let hub: MonitoringHub

    /// Writes all queries every so many seconds, until the feed ends or the task is cancelled.
    func repeating(_ feed: any MonitoringFeed, everySeconds interval: Int) async throws {
        try await whileRunning(feed) { updates in
            var source = TopSource(hub)
            var written = ContinuousClock.now
            for await _ in updates {
                let feeds = hub.feeds
                if let error = Self.failure(feeds) { throw error }
                let isEnded = !feeds.isEmpty && feeds.allSatisfy { $0.state == .ended }
                guard isEnded || written.duration(to: .now) > .seconds(interval) - .milliseconds(500) else { continue }
                written = .now
                try StandardStream.output.write(TopReport.text(source.picture()))
                if isEnded { return }
            }
        }
    }

    /// Writes all queries once, when everything that was there has been read.
    ///
    /// - Parameter limit: For how many seconds brokers may be away; reading itself may take longer.
    func once(_ feed: any MonitoringFeed, format: TopReportFormat, contactSeconds limit: Int) async throws {
        try await whileRunning(feed) { updates in
            var source = TopSource(hub)
            var contact = ContinuousClock.now
            for await _ in updates {
                let feeds = hub.feeds
                if let error = Self.failure(feeds) { throw error }
                if !feeds.isEmpty, feeds.allSatisfy({ $0.state == .live || $0.state == .ended }) {
                    return try StandardStream.output.write(TopReport.text(source.picture(), format: format))
                }
                let isAway = feeds.contains { $0.state == .away || $0.state == .connecting }
                if !feeds.isEmpty, !isAway { contact = .now }
                if contact.duration(to: .now) > .seconds(limit) {
                    throw CommandError(
                        "cannot read \(feed.name) to its end: no contact for \(limit) s: "
                            + (feeds.compactMap(\.error).first ?? "no broker answers"),
                        hint: "check the brokers with streamgauge doctor, or wait longer with --timeout")
                }
            }
        }
    }

    private func whileRunning(
        _ feed: any MonitoringFeed, _ work: @escaping @Sendable (AsyncStream<Void>) async throws -> Void
    ) async throws {
        let updates = hub.updates()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await hub.run([feed]) }
            defer { group.cancelAll() }
            try await work(updates)
        }
    }

    private static func failure(_ feeds: [FeedHealth]) -> CommandError? {
        guard let feed = feeds.first(where: { $0.state == .failed }) else { return nil }
        return CommandError("cannot go on reading \(feed.name): \(feed.error ?? "it has failed")")
    }
}
