import StreamingMetrics
import Synchronization

/// The table of metrics that came back from Kafka, and how far it has come.
final class DemoTable: Sendable {
    private let latest = Mutex<Int64>(-1)
    /// How long metrics may take from the query through Kafka to the table.
    private static let limit = Duration.seconds(30)

    /// Adds a line, after the headings if it is the first one.
    func show(_ progress: StreamingQueryProgress) throws {
        let header = latest.withLock { $0 < 0 } ? MetricsTable.header + "\n" : ""
        try StandardStream.output.write(header + MetricsTable.row(progress) + "\n")
        latest.withLock { $0 = max($0, progress.batchId ?? 0) }
    }

    /// Waits until the table shows a batch.
    func waitFor(batchId: Int64) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.limit
        while latest.withLock({ $0 }) < batchId {
            guard clock.now < deadline else {
                throw CommandError(
                    "the metrics of batch \(batchId) did not come back from Kafka within \(Self.limit)",
                    hint: "check that the broker runs")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
