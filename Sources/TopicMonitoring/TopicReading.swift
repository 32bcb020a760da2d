import FoundationEssentials
import Kafka
import LiveMonitoring
import MetricsTopic
import Monitoring
import StreamingMetrics
import Synchronization

/// How far the reading of the topics has come, across the clients that read; gives events to the hub and tells its health.
final class TopicReading: Sendable {
    /// Who says that something went wrong.
    enum Teller { case reader, contact }

    private struct State {
        var nextOffsets: [TopicPartition: Int64] = [:]
        var lags: [TopicPartition: Int64] = [:]
        /// How often in a row the end was near.
        var nearNotes = 0
        var isLive = false
        var isAway = false
        var hasContact = false
        var records: UInt64 = 0
        var lastRecord: ContinuousClock.Instant?
        var contactAt: ContinuousClock.Instant?
    }

    /// So many records before the end are no backlog any more, if it is said twice: on a busy topic there is always something left, and
    /// of a short one the rest may come in the next moment.
    static let nearEnd: Int64 = 1000
    /// Topics that say nothing for so long have been read to their ends.
    private static let quiet = Duration.seconds(3)

    private let feed: String
    let hub: MonitoringHub
    private let onContact: @Sendable () -> Void
    private let state = Mutex(State())

    /// Begins a reading.
    ///
    /// - Parameter onContact: Called when the brokers are there again.
    init(feed: String, hub: MonitoringHub, onContact: @escaping @Sendable () -> Void) {
        self.feed = feed
        self.hub = hub
        self.onContact = onContact
    }

    /// Records that were read.
    var recordCount: UInt64 { state.withLock { $0.records } }

    /// Whether events are taken as they come.
    var isLive: Bool { state.withLock { $0.isLive } }

    /// Whether the cluster should be asked whether it is there.
    var needsContact: Bool { state.withLock { !$0.hasContact || $0.isAway } }

    /// Where the next client begins.
    func resumes(_ start: MetricsConsumer.Start) -> MetricsConsumer.Start {
        state.withLock { $0.nextOffsets.isEmpty ? start : .offsets($0.nextOffsets) }
    }

    // MARK: Records

    /// Takes what was read together.
    func take(_ batch: MetricsBatch, _ onFault: (String) -> Void) {
        // A batch may hold nothing but an error of the client, and that is no contact.
        guard !batch.records.isEmpty || !batch.nextOffsets.isEmpty else { return settle() }
        let (isLive, wasAway) = state.withLock { state in
            let wasAway = state.isAway
            state.nextOffsets.merge(batch.nextOffsets) { $1 }
            state.records += UInt64(batch.records.count)
            state.lastRecord = .now
            (state.hasContact, state.isAway) = (true, false)
            return (state.isLive, wasAway)
        }
        if wasAway { onContact() }
        let present = hub.present
        var tally = FeedHealth(name: feed)
        for record in batch.records {
            switch record {
            case .event(let event, let metadata):
                tally.events += 1
                let carried = metadata.timestampMs.map { MonitorTime(millisecondsSinceEpoch: $0) } ?? event.ownTime
                // The future is a clock that is wrong.
                let time = isLive ? nil : carried.map { min($0, present) }
                hub.take(event, at: time, queryName: metadata.queryName)
            case .duplicate: tally.copies += 1
            case .unreadable(let record):
                tally.unreadable += 1
                onFault(
                    "unreadable record: topic \(record.topic), partition \(record.partition), offset \(record.offset): "
                        + record.reason)
            case .gap(let gap):
                tally.missing += gap.count
                hub.noteMissing(gap.count, of: gap.queryId)
                onFault("\(gap.count) events of query \(gap.queryId.uuidString.lowercased()) are missing on the topics")
            case .lost(let gap):
                tally.lostRanges += 1
                onFault("lost records: \(gap)")
            }
        }
        let now = hub.now
        hub.report(feed) { health in
            health.records += tally.events + tally.copies + tally.unreadable
            health.events += tally.events
            health.copies += tally.copies
            health.unreadable += tally.unreadable
            health.missing += tally.missing
            health.lostRanges += tally.lostRanges
            if tally.events > 0 { health.lastEventAt = now }
        }
        settle()
    }

    // MARK: Contact

    /// Takes how far the reader is behind, about once a second.
    func note(lag: [TopicPartition: Int64]) {
        let sum = lag.isEmpty ? nil : lag.values.reduce(0, +)
        state.withLock { state in
            state.lags = lag
            state.nearNotes = sum.map { $0 <= Self.nearEnd } ?? false ? state.nearNotes + 1 : 0
        }
        hub.report(feed) { $0.lagRecords = sum }
        settle()
    }

    /// The cluster has answered.
    func noteContact() {
        let wasAway = state.withLock { state in
            let wasAway = state.isAway
            if !state.hasContact { state.contactAt = .now }
            (state.hasContact, state.isAway) = (true, false)
            return wasAway
        }
        if wasAway { onContact() }
        settle()
    }

    /// Something went wrong.
    func note(_ error: KafkaError, from teller: Teller = .reader) {
        let isAway = teller == .contact || error.code == .brokerUnreachable
        state.withLock { if isAway { $0.isAway = true } }
        hub.report(feed) { health in
            if teller == .reader { health.errors += 1 }
            health.error = error.message
        }
        settle()
    }

    /// Tells the hub the state that follows from what is known.
    private func settle() {
        let (next, hasCaughtUp, isBehind) = state.withLock { state -> (FeedHealth.State, Bool, Bool) in
            if state.isAway { return (.away, false, !state.isLive && state.records > 0) }
            guard state.hasContact else { return (.connecting, false, false) }
            if state.isLive { return (.live, false, false) }
            let last = state.lastRecord ?? state.contactAt ?? .now
            let isQuiet = last.duration(to: .now) >= Self.quiet
            let isNear = state.nearNotes > 1 || (state.nearNotes == 1 && state.lags.values.allSatisfy { $0 == 0 })
            guard isQuiet || isNear else { return (.catchingUp, false, true) }
            state.isLive = true
            return (.live, true, false)
        }
        if hasCaughtUp { hub.beginWatching() }
        hub.report(feed) { health in
            health.state = next
            health.isBehindPresent = isBehind
            if next == .live || next == .catchingUp { health.error = nil }
        }
    }
}
