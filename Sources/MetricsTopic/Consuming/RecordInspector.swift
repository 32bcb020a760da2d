import Kafka
import StreamingMetrics

/// Turns what a Kafka consumer reads into metrics records: filters, finds copies and gaps. A value of the one reader.
struct RecordInspector {
    private var filter: QueryFilter?
    private var deduplicator: Deduplicator?
    private var tracker: SequenceTracker?
    private let texts = TextCache()
    private let start = ContinuousClock.now
    private var sinceCheck = 0
    /// How many records pass between two looks at open holes.
    private static let checkInterval = 1024

    init(_ consumer: MetricsConsumer) {
        filter = consumer.query.map { QueryFilter(query: $0) }
        if consumer.deduplicates { deduplicator = Deduplicator() }
        if consumer.findsGaps {
            tracker = SequenceTracker(
                seesBeginnings: consumer.start == .beginning && consumer.group == nil,
                limits: .init(grace: consumer.gapGrace))
        }
    }

    /// Takes what was read; gives what it says to the reader, in order.
    mutating func take(_ event: KafkaConsumer.Event, _ give: (MetricsRecord) -> Void) {
        switch event {
        case .record(let record): take(record, give)
        case .endOfPartition(let partition, _):
            tracker?.reachedEnd(of: partition)
            check(give)
        case .assigned(let partitions): tracker?.assigned(partitions)
        case .revoked(let partitions), .lost(let partitions): tracker?.revoked(partitions)
        case .gap(let gap):
            // Numbers below what is read from now on may be among the lost ones.
            tracker?.seesBeginnings = false
            give(.lost(gap))
        case .quiet: check(give)
        }
    }

    /// Reading has come to the topics' ends, and ends.
    mutating func finish(_ give: (MetricsRecord) -> Void) {
        for gap in tracker?.allGaps() ?? [] { give(.gap(gap)) }
    }

    private mutating func take(_ record: ConsumerRecord, _ give: (MetricsRecord) -> Void) {
        tracker?.read(
            topic: record.topic, partition: record.partition, offset: record.offset, timestampMs: record.timestampMs)
        do throws(MetricsRecord.Unreadable.Reason) {
            let (event, metadata) = try MetricsRecord.read(record, texts)
            guard filter?.includes(event, metadata) ?? true else { return }
            guard isNew(event, metadata, record) else { return give(.duplicate(event, metadata)) }
            give(.event(event, metadata))
        } catch {
            give(.unreadable(MetricsRecord.Unreadable(record, error)))
        }
        sinceCheck += 1
        if sinceCheck >= Self.checkInterval { check(give) }
    }

    /// Notes an event; whether it is no copy.
    private mutating func isNew(
        _ event: StreamingQueryEvent, _ metadata: MetricsRecord.Metadata, _ record: ConsumerRecord
    ) -> Bool {
        guard deduplicator != nil || tracker != nil else { return true }
        let identity = EventIdentity(event)
        let isFirst = deduplicator?.isNew(identity, sequence: metadata.sequence) {
            record.withValue { $0.map { PayloadDigest.of($0) } ?? 0 }
        }
        if isFirst == false { return false }
        if let sequence = metadata.sequence, tracker != nil {
            let start = start
            // The clock is asked only where a hole is noticed.
            tracker?.saw(
                identity.key, sequence: sequence, timestampMs: record.timestampMs, now: start.duration(to: .now))
        }
        return true
    }

    private mutating func check(_ give: (MetricsRecord) -> Void) {
        sinceCheck = 0
        guard tracker?.hasHoles == true else { return }
        let now = start.duration(to: .now)
        for gap in tracker?.finalGaps(now: now) ?? [] { give(.gap(gap)) }
    }
}
