public import FoundationEssentials
import Kafka

/// Events of a run that were offered to the forwarder and are not on the topics.
public struct SequenceGap: Sendable, Hashable {
    /// Identity of the query.
    public var queryId: UUID
    /// Identity of the run.
    public var runId: UUID
    /// The sequence numbers that are missing.
    public var missing: ClosedRange<UInt64>

    /// Describes a gap.
    public init(queryId: UUID, runId: UUID, missing: ClosedRange<UInt64>) {
        self.queryId = queryId
        self.runId = runId
        self.missing = missing
    }

    /// How many events are missing.
    public var count: UInt64 { missing.upperBound - missing.lowerBound + 1 }
}

/// Finds the sequence numbers that a run skips, as a pure value of bounded memory.
///
/// A run's events lie in two topics, and between partitions there is no order: a number that is skipped in one may come
/// later from the other. So a hole is reported once it is final: when each partition has been read past the time of the
/// record that showed the hole, by more than the grace, or has been at its end while the grace went by; and when reading
/// ends at the topics' ends. What comes all the same after that is an event like any other.
///
/// Beyond its limits the tracker forgets the runs that were quiet longest, and reports the oldest holes of a run that has
/// more of them than it keeps.
struct SequenceTracker: Sendable {
    /// Bounds of memory and patience.
    struct Limits: Sendable {
        /// Runs remembered at most.
        var runs = 10_000
        /// Holes of one run at most.
        var holesPerRun = 1024
        /// How much later than its successors an event may arrive.
        var grace: Duration = .seconds(30)
    }

    /// Numbers that were seen, and when the hole below them was noticed.
    private struct Seen: Sendable {
        var first: UInt64
        var last: UInt64
        var timestampMs: Int64
        var noticed: Duration
    }

    private struct Run: Sendable {
        var key: RunKey
        var lastUse: UInt64 = 0
        /// Ascending, with holes between.
        var seen: [Seen] = []
        /// Whether the numbers below the first are a hole too.
        var beginsWithHole = false

        var hasHoles: Bool { seen.count > 1 || beginsWithHole }
        /// What bounds the hole above: the end of what was seen before.
        func low(below index: Int) -> UInt64 { index == 0 ? 0 : seen[index - 1].last + 1 }
    }

    /// How far a partition has been read.
    private struct Reach: Sendable {
        var place: TopicPartition
        var timestampMs = Int64.min
        var isAtEnd = false
        var hasRecords = false
    }

    private let limits: Limits
    private let graceMs: Int64
    private var runs: [Run] = []
    private var indices: [RunKey: Int] = [:]
    private var latest = 0
    private var uses: UInt64 = 0
    private var reaches: [Reach] = []
    private var latestReach = 0
    private var holed: Set<Int> = []
    private var overflow: [SequenceGap] = []
    /// Whether a run's first number is known to be 0: not when older records are gone or were skipped.
    var seesBeginnings: Bool

    init(seesBeginnings: Bool, limits: Limits = Limits()) {
        self.seesBeginnings = seesBeginnings
        self.limits = limits
        graceMs = limits.grace.components.seconds * 1000
    }

    /// Whether anything waits to become final.
    var hasHoles: Bool { !holed.isEmpty || !overflow.isEmpty }

    // MARK: What was read

    /// Partitions that are read from now on.
    mutating func assigned(_ partitions: [TopicPartition]) {
        for partition in partitions where !reaches.contains(where: { $0.place == partition }) {
            reaches.append(Reach(place: partition))
        }
    }

    /// Partitions that somebody else reads from now on.
    mutating func revoked(_ partitions: [TopicPartition]) {
        reaches.removeAll { partitions.contains($0.place) }
        latestReach = 0
    }

    /// A partition's end was reached.
    mutating func reachedEnd(of partition: TopicPartition) {
        reaches[reach(of: partition.topic, partition.partition)].isAtEnd = true
    }

    /// A record was read, whatever it holds.
    mutating func read(topic: String, partition: Int32, offset: Int64, timestampMs: Int64?) {
        let index = reach(of: topic, partition)
        if !reaches[index].hasRecords {
            reaches[index].hasRecords = true
            // There was something before, and what it said nobody knows.
            if offset > 0 { seesBeginnings = false }
        }
        reaches[index].isAtEnd = false
        if let timestampMs, timestampMs > reaches[index].timestampMs { reaches[index].timestampMs = timestampMs }
    }

    private mutating func reach(of topic: String, _ partition: Int32) -> Int {
        if latestReach < reaches.count, reaches[latestReach].place.partition == partition,
            reaches[latestReach].place.topic == topic
        {
            return latestReach
        }
        let place = TopicPartition(topic: topic, partition: partition)
        latestReach = reaches.firstIndex { $0.place == place } ?? reaches.count
        if latestReach == reaches.count { reaches.append(Reach(place: place)) }
        return latestReach
    }

    /// An event has this sequence number; `now` is any clock that only goes forward.
    mutating func saw(_ key: RunKey, sequence: UInt64, timestampMs: Int64?, now: @autoclosure () -> Duration) {
        let index = index(of: key)
        if let last = runs[index].seen.last, last.last &+ 1 == sequence, sequence != 0 {
            runs[index].seen[runs[index].seen.count - 1].last = sequence
            return
        }
        insert(sequence, into: index, timestampMs ?? .min, now())
    }

    private mutating func insert(_ number: UInt64, into index: Int, _ timestampMs: Int64, _ now: Duration) {
        let count = runs[index].seen.count
        let next = runs[index].seen.firstIndex { $0.first > number } ?? count
        if next > 0, number <= runs[index].seen[next - 1].last { return }
        let joinsBefore = next > 0 && runs[index].seen[next - 1].last + 1 == number
        let joinsNext = next < count && runs[index].seen[next].first - 1 == number
        switch (joinsBefore, joinsNext) {
        case (true, true):
            runs[index].seen[next - 1].last = runs[index].seen[next].last
            runs[index].seen.remove(at: next)
        case (true, false): runs[index].seen[next - 1].last = number
        case (false, true): runs[index].seen[next].first = number
        case (false, false):
            // A number inside a hole splits it; both parts were noticed when the whole was.
            let later = next < count ? runs[index].seen[next] : nil
            let seen = Seen(
                first: number, last: number, timestampMs: later?.timestampMs ?? timestampMs,
                noticed: later?.noticed ?? now)
            runs[index].seen.insert(seen, at: next)
            if count == 0, seesBeginnings, number > 0 { runs[index].beginsWithHole = true }
        }
        if runs[index].seen[0].first == 0 { runs[index].beginsWithHole = false }
        if runs[index].seen.count > limits.holesPerRun { overflow += closeOldest(run: index) }
        if runs[index].hasHoles { holed.insert(index) } else { holed.remove(index) }
    }

    // MARK: What is missing

    /// Holes that have become final since the last call; each is given once.
    mutating func finalGaps(now: Duration) -> [SequenceGap] {
        guard hasHoles else { return [] }
        var gaps = overflow
        overflow = []
        for index in holed.sorted() {
            gaps += close(run: index, runs[index].seen.map { isFinal($0, now) })
        }
        return gaps
    }

    /// All holes: reading has come to the topics' ends, and ends.
    mutating func allGaps() -> [SequenceGap] {
        var gaps = overflow
        overflow = []
        for index in holed.sorted() { gaps += closeAll(run: index) }
        return gaps
    }

    private func isFinal(_ seen: Seen, _ now: Duration) -> Bool {
        let isOld = now - seen.noticed >= limits.grace
        return !reaches.isEmpty
            && reaches.allSatisfy { reach in
                if reach.isAtEnd && isOld { return true }
                // The lowest value stands for no time at all.
                guard seen.timestampMs > .min, reach.timestampMs > seen.timestampMs else { return false }
                return reach.timestampMs.subtractingReportingOverflow(seen.timestampMs).partialValue > graceMs
            }
    }

    private mutating func closeAll(run index: Int) -> [SequenceGap] {
        close(run: index, Array(repeating: true, count: runs[index].seen.count))
    }

    private mutating func closeOldest(run index: Int) -> [SequenceGap] {
        let count = runs[index].seen.count
        return close(run: index, (0..<count).map { $0 < count / 2 })
    }

    /// Gives the holes below the chosen intervals as gaps, and joins what was seen around them.
    private mutating func close(run index: Int, _ isChosen: [Bool]) -> [SequenceGap] {
        let run = runs[index]
        var gaps: [SequenceGap] = []
        var kept: [Seen] = []
        for (place, seen) in run.seen.enumerated() {
            let isHole = place > 0 || run.beginsWithHole
            guard isHole, isChosen[place] else {
                kept.append(seen)
                continue
            }
            let missing = run.low(below: place)...(seen.first - 1)
            gaps.append(SequenceGap(queryId: run.key.query, runId: run.key.run, missing: missing))
            if place == 0 {
                runs[index].beginsWithHole = false
                kept.append(seen)
            } else {
                kept[kept.count - 1].last = seen.last
            }
        }
        runs[index].seen = kept
        if !runs[index].hasHoles { holed.remove(index) }
        return gaps
    }

    // MARK: Memory

    private mutating func index(of key: RunKey) -> Int {
        uses += 1
        if latest < runs.count, runs[latest].key == key {
            runs[latest].lastUse = uses
            return latest
        }
        if let index = indices[key] {
            latest = index
        } else {
            if runs.count >= max(1, limits.runs) { forgetRuns(keeping: limits.runs * 9 / 10) }
            latest = runs.count
            runs.append(Run(key: key))
            indices[key] = latest
        }
        runs[latest].lastUse = uses
        return latest
    }

    /// Keeps the runs that were used last. Holes of the others are given as they are: nobody will look for them any more.
    private mutating func forgetRuns(keeping count: Int) {
        let order = runs.indices.sorted { runs[$0].lastUse > runs[$1].lastUse }
        for index in order.dropFirst(count) where runs[index].hasHoles { overflow += closeAll(run: index) }
        runs = order.prefix(count).map { runs[$0] }
        indices = [:]
        holed = []
        for (index, run) in runs.enumerated() {
            indices[run.key] = index
            if run.hasHoles { holed.insert(index) }
        }
        latest = 0
    }
}
