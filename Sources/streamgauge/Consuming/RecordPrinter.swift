import FoundationEssentials
import Kafka
import MetricsTopic
import Synchronization

/// Shows batches of records: events on standard output, everything else on standard error; keeps what holds no event.
final class RecordPrinter: Sendable {
    /// What went by so far.
    private struct Counts {
        var events = 0
        var unreadable = 0
        var duplicates = 0
        var missing: UInt64 = 0
        var lostRanges = 0
    }

    /// How events are written; nil shows none.
    private let format: RecordFormat?
    private let deadLetterFile: DeadLetterFile?
    private let deadLetterTopic: DeadLetterTopic?
    private let faults: ConsumerFaults
    private let counts = Mutex(Counts())

    init(
        format: RecordFormat?, deadLetterFile: DeadLetterFile?, deadLetterTopic: DeadLetterTopic?,
        faults: ConsumerFaults
    ) {
        self.format = format
        self.deadLetterFile = deadLetterFile
        self.deadLetterTopic = deadLetterTopic
        self.faults = faults
    }

    /// Shows a batch. When it returns, all of it has left this process, and the dead letters are safe.
    func show(_ batch: MetricsBatch) async throws {
        if !batch.records.isEmpty { faults.clear() }
        var counts = Counts()
        var lines = ""
        var unreadable: [MetricsRecord.Unreadable] = []
        for record in batch.records {
            switch record {
            case .event(let event, _):
                counts.events += 1
                if let line = format?.line(event) { lines += line + "\n" }
            case .duplicate: counts.duplicates += 1
            case .unreadable(let record):
                counts.unreadable += 1
                unreadable.append(record)
            case .gap(let gap):
                counts.missing += gap.count
                tell(gap.description)
            case .lost(let gap):
                counts.lostRanges += 1
                tell("lost records: \(gap)")
            }
        }
        if !lines.isEmpty { try StandardStream.output.write(lines) }
        for record in unreadable { try await keep(record) }
        if !unreadable.isEmpty { try deadLetterFile?.synchronize() }
        self.counts.withLock { total in
            total.events += counts.events
            total.unreadable += counts.unreadable
            total.duplicates += counts.duplicates
            total.missing += counts.missing
            total.lostRanges += counts.lostRanges
        }
    }

    /// The last line: what was read, and what was not as it should be.
    var summary: String {
        let counts = counts.withLock { $0 }
        var parts = [
            NumberText.count(counts.events, "event"), NumberText.count(counts.unreadable, "unreadable record"),
        ]
        if counts.duplicates > 0 { parts.append("passed over " + NumberText.count(counts.duplicates, "duplicate")) }
        if counts.missing > 0 { parts.append("missed " + NumberText.count(counts.missing, "event")) }
        if counts.lostRanges > 0 { parts.append("lost " + NumberText.count(counts.lostRanges, "range of records")) }
        return "read " + parts.joined(separator: ", ")
    }

    /// Says which record cannot be read and why, and keeps it.
    private func keep(_ record: MetricsRecord.Unreadable) async throws {
        tell(
            "unreadable record: topic \(record.topic), partition \(record.partition), offset \(record.offset): "
                + record.reason)
        try deadLetterFile?.append(record)
        try await deadLetterTopic?.write(record)
    }

    private func tell(_ text: String) { StandardStream.error.tell(TerminalText.line(text) + "\n") }
}

extension SequenceGap {
    /// Which events of which run are missing.
    var description: String {
        let numbers =
            count == 1 ? "event \(missing.lowerBound) is" : "events \(missing.lowerBound) to \(missing.upperBound) are"
        return
            "gap: \(numbers) missing of query \(queryId.uuidString.lowercased()), run \(runId.uuidString.lowercased())"
    }
}
