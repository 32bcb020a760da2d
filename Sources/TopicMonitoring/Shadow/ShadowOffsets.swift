import FoundationEssentials
import Kafka
import Monitoring
import StreamingMetrics

/// How far queries have read, by the group that is to show it, and what of it is not committed yet; a pure value of bounded memory.
///
/// A group belongs to one query at a time. Its offsets go forward with the batches of a run, and go back only with another run that is
/// newer, whose checkpoint may be older, or with a newer query of the name, as one with a new checkpoint is.
struct ShadowOffsets: Sendable {
    /// What became of a progress.
    enum Outcome: Equatable {
        /// It is the newest of its group, or has nothing of Kafka's.
        case taken
        /// It is older than what is known.
        case late
        /// Its query runs beside the one that the group belongs to.
        case rival(of: UUID)
    }

    private struct Reading {
        var query: UUID
        var run: UUID
        var batch: Int64
        /// Begin of the trigger, in milliseconds since 1970; nil where a locale wrote it in other digits.
        var time: Int64?
        /// End offsets of Kafka's sources, unread: reading them is not for the feed's thread.
        var ends: [JSONValue]
        /// Whether its query has ended.
        var isOver = false
        var earlierRuns: [UUID] = []
        var earlierQueries: [UUID] = []
        var hasNews = true
        var committedEnds: [JSONValue]?
        var committedAt: ContinuousClock.Instant?
        var triedAt: ContinuousClock.Instant?
        /// After a refusal.
        var notBefore: ContinuousClock.Instant?
        var isStopped = false
        /// Grows with each progress of any group.
        var turn: UInt64 = 0
    }

    private var readings: [String: Reading] = [:]
    /// The group that each query has.
    private var groups: [UUID: String] = [:]
    private var turn: UInt64 = 0
    /// Groups that are remembered. Beyond, the half that was silent for longest is forgotten.
    static let maximumGroups = 10_000
    private static let maximumEarlier = 32
    /// Offsets that do not change are committed again after so long, for brokers forget those of a group without members after a week.
    private static let repetition = Duration.seconds(3600)

    /// Groups that are known.
    var count: Int { readings.count }
    /// Groups that have something to be committed.
    var waitingCount: Int { readings.values.count { $0.hasNews && !$0.isStopped } }
    /// Groups to which nothing is committed any more.
    var stoppedCount: Int { readings.values.count { $0.isStopped } }

    // MARK: Events

    /// Takes a progress whose query has this group.
    mutating func take(_ progress: StreamingQueryProgress, group: String) -> Outcome {
        let ends = progress.sources.filter { $0.description?.hasPrefix("Kafka") == true }.compactMap(\.endOffset)
        if ends.isEmpty { return .taken }
        turn += 1
        var reading = Reading(
            query: progress.id, run: progress.runId, batch: progress.batchId ?? 0,
            time: progress.timestamp.millisecondsSinceEpoch, ends: ends)
        if let before = readings[group] {
            let outcome = Self.outcome(of: reading, after: before)
            guard outcome == .taken else { return outcome }
            let next = reading
            reading = before
            (reading.batch, reading.time, reading.ends) = (next.batch, next.time, ends)
            (reading.isOver, reading.hasNews) = (false, true)
            if before.run != next.run {
                reading.run = next.run
                reading.earlierRuns = (before.earlierRuns + [before.run]).suffix(Self.maximumEarlier)
            }
            if before.query != next.query {
                groups[before.query] = nil
                reading.query = next.query
                reading.earlierQueries =
                    (before.earlierQueries.filter { $0 != next.query } + [before.query]).suffix(Self.maximumEarlier)
            }
        } else if readings.count >= Self.maximumGroups {
            forgetHalf()
        }
        reading.turn = turn
        readings[group] = reading
        groups[reading.query] = group
        return .taken
    }

    private static func outcome(of next: Reading, after before: Reading) -> Outcome {
        if next.query == before.query {
            if next.run == before.run { return next.batch >= before.batch ? .taken : .late }
            if before.earlierRuns.contains(next.run) { return .late }
            // A run that goes on has newer batches, whatever its host's clock says; one of an older checkpoint has only its time.
            return next.batch > before.batch || isLater(next.time, before.time) ? .taken : .late
        }
        if !isLater(next.time, before.time) { return .late }
        // One that had the group before runs on, so both run; it has the group again when the other has ended, or is not heard of
        // any more.
        if before.earlierQueries.contains(next.query), !before.isOver, !isLater(next.time, before.time, by: silence) {
            return .rival(of: before.query)
        }
        return .taken
    }

    /// A query that says nothing for so long, in milliseconds, has its group no longer.
    private static let silence: Int64 = 600_000

    /// A time that cannot be read is no reason against what comes now.
    private static func isLater(_ next: Int64?, _ before: Int64?, by distance: Int64 = 0) -> Bool {
        guard let next, let before else { return true }
        let (limit, overflows) = before.addingReportingOverflow(distance)
        return !overflows && next > limit
    }

    /// A query's run has ended.
    mutating func end(query: UUID, run: UUID) {
        guard let group = groups[query], let reading = readings[group], reading.query == query, reading.run == run
        else {
            return
        }
        readings[group]?.isOver = true
    }

    private mutating func forgetHalf() {
        let middle = readings.values.map(\.turn).sorted()[readings.count / 2]
        readings = readings.filter { $0.value.turn >= middle || $0.value.isStopped }
        // Only if nearly all were stopped; they are told anew then.
        if readings.count >= Self.maximumGroups { readings = [:] }
        groups = Dictionary(readings.map { ($0.value.query, $0.key) }, uniquingKeysWith: { $1 })
    }

    // MARK: Committing

    /// The groups whose time has come, those first that have waited for longest since they were tried.
    func due(at now: ContinuousClock.Instant, every interval: Duration) -> [String] {
        var due: [(group: String, waited: Duration)] = []
        for (group, reading) in readings where reading.hasNews && !reading.isStopped {
            if let notBefore = reading.notBefore, now < notBefore { continue }
            let waited = reading.triedAt.map { $0.duration(to: now) } ?? .seconds(Int64.max)
            if waited >= interval { due.append((group, waited)) }
        }
        due.sort { $0.waited == $1.waited ? $0.group < $1.group : $0.waited > $1.waited }
        return due.map(\.group)
    }

    /// Gives what a group is to show now; nil when it shows it already.
    mutating func begin(_ group: String, at now: ContinuousClock.Instant) -> [JSONValue]? {
        guard var reading = readings[group], reading.hasNews, !reading.isStopped else { return nil }
        reading.hasNews = false
        defer { readings[group] = reading }
        if reading.committedEnds == reading.ends, let last = reading.committedAt, now < last + Self.repetition {
            return nil
        }
        reading.triedAt = now
        return reading.ends
    }

    /// A commit was made.
    mutating func finish(_ group: String, _ ends: [JSONValue], at now: ContinuousClock.Instant) {
        readings[group]?.committedEnds = ends
        readings[group]?.committedAt = now
    }

    /// A commit failed, and what is newest then is to be committed later.
    mutating func putBack(_ group: String, notBefore: ContinuousClock.Instant? = nil) {
        readings[group]?.hasNews = true
        readings[group]?.notBefore = notBefore
    }

    /// Nothing is committed to the group any more.
    mutating func stop(_ group: String) { readings[group]?.isStopped = true }

    /// Reads offsets. Where two sources read the same partition, the one that is behind counts.
    static func partitions(_ ends: [JSONValue]) -> [TopicPartition: Int64] {
        var offsets: [TopicPartition: Int64] = [:]
        for end in ends {
            for place in SourceOffsets(end)?.partitions ?? [] {
                guard let offset = place.offset, let partition = Int32(place.partition) else { continue }
                offsets.merge([TopicPartition(topic: place.topic, partition: partition): offset], uniquingKeysWith: min)
            }
        }
        return offsets
    }
}
