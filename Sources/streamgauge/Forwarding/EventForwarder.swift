import MetricsTopic
import StreamingMetrics

/// Publishes recorded events through the listener, with its back-pressure, and counts what became of them.
struct EventForwarder {
    /// The counts.
    struct Summary: Sendable {
        /// Events that the broker has acknowledged.
        var sent = 0
        /// Lines that are no event.
        var refused = 0
        /// Events that were not acknowledged.
        var left = 0
        /// Of these, those that a spool keeps.
        var spooled = 0

        /// `sent 3 events, refused 0 lines, left 0 events`.
        var text: String {
            "sent \(NumberText.count(sent, "event")), refused \(NumberText.count(refused, "line")), "
                + "left \(NumberText.count(left, "event"))"
        }
    }

    let metrics: KafkaMetrics
    private let watch: DeliveryWatch
    /// Gets the place and the reason of each line refused.
    let onRefusal: (String) -> Void
    private var refused = 0

    init(metrics: KafkaMetrics, watch: DeliveryWatch, onRefusal: @escaping (String) -> Void) {
        self.metrics = metrics
        self.watch = watch
        self.onRefusal = onRefusal
    }

    /// Whether a file was left before its end, because delivery was given up.
    private(set) var leftInput = false

    /// Reads one file to its end and hands its events over; leaves it when delivery is given up.
    mutating func forward(_ reader: consuming LineReader, isStopped: @Sendable () -> Bool) async throws {
        while let line = try reader.next(isStopped: isStopped) {
            switch line {
            case .tooLong: refuse(reader.name, reader.number, "the line has more bytes than an event may have")
            case .text(let bytes):
                if bytes.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
                if let event = event(bytes, reader) { try await watch.send(event) }
            }
            if isStopped() { return }
            if watch.isOver {
                leftInput = true
                return
            }
        }
    }

    /// What became of all events so far; what is pending counts as left.
    var summary: Summary {
        let statistics = metrics.statistics
        return Summary(
            sent: statistics.acknowledged, refused: refused, left: statistics.pending + statistics.droppedTotal,
            spooled: statistics.spooled)
    }

    private mutating func event(_ bytes: [UInt8], _ reader: borrowing LineReader) -> StreamingQueryEvent? {
        do throws(MetricsCodecError) {
            return try MetricsCodec.decode(bytes)
        } catch {
            refuse(reader.name, reader.number, error.description)
            return nil
        }
    }

    private mutating func refuse(_ name: String, _ number: Int, _ reason: String) {
        refused += 1
        onRefusal("refused \(name):\(number): \(reason)")
    }
}
