package import FoundationEssentials
package import StreamingMetrics

/// Tells the first copy of an event from later ones, as a pure value of bounded memory.
///
/// An event with a sequence number is known by query, run, batch, kind and sequence: two forwarders of one run, which both
/// count from 0, are told apart by batch and kind. A progress without a sequence number, as other listeners write them, is
/// a copy when the run has had the same batch with the same payload; whatever else comes without one is always new, since
/// nothing proves that it is not.
///
/// Intervals make a run cost a few bytes as long as it goes on without idle times (``LaneSet``). Beyond the limits the runs
/// that were quiet longest are forgotten, and of a single large run its oldest intervals; a copy of a forgotten event
/// passes as new, never the other way round.
package struct Deduplicator: Sendable {
    /// Bounds of the memory.
    package struct Limits: Sendable {
        /// Runs remembered at most.
        package var runs: Int
        /// Intervals and payloads of all runs together at most; each takes 24 or 16 bytes.
        package var intervals: Int

        /// Creates limits.
        package init(runs: Int = 10_000, intervals: Int = 500_000) {
            self.runs = max(1, runs)
            self.intervals = max(16, intervals)
        }
    }

    private struct Payload: Comparable {
        var batch: Int64
        var digest: UInt64

        static func < (left: Payload, right: Payload) -> Bool {
            (left.batch, left.digest) < (right.batch, right.digest)
        }
    }

    private struct Run {
        var key: RunKey
        var lastUse: UInt64 = 0
        /// Progress with a batch: the lane is the distance between sequence and batch, which only an idle event changes.
        var batches = LaneSet()
        /// Everything else: the lane is the kind.
        var others = LaneSet()
        /// Progress without a sequence number, sorted.
        var payloads: [Payload] = []

        var size: Int { batches.segments.count + others.segments.count + payloads.count }
    }

    private let limits: Limits
    private var runs: [Run] = []
    private var indices: [RunKey: Int] = [:]
    private var latest = 0
    private var uses: UInt64 = 0
    private var size = 0
    /// Payloads of one run at most; the oldest batches go first.
    private static let maximumPayloads = 2048

    /// Starts without memory.
    package init(limits: Limits = Limits()) { self.limits = limits }

    /// Runs remembered at present.
    package var runCount: Int { runs.count }
    /// Intervals and payloads remembered at present.
    package var intervalCount: Int { size }

    /// Notes an event; whether this is its first copy.
    ///
    /// - Parameter payload: The record's value; looked at only where there is no sequence number.
    package mutating func isNew(_ event: StreamingQueryEvent, sequence: UInt64?, payload: [UInt8]) -> Bool {
        isNew(EventIdentity(event), sequence: sequence) { PayloadDigest.of(payload) }
    }

    /// The same for an event whose identity is at hand, and whose payload's digest is made only where it is needed.
    mutating func isNew(_ event: EventIdentity, sequence: UInt64?, digest: () -> UInt64) -> Bool {
        if let sequence { return isNew(event.key, event.kind, batch: event.batch, sequence: sequence) }
        guard let batch = event.batch else { return true }
        return isNew(event.key, batch: batch, digest: digest())
    }

    mutating func isNew(_ key: RunKey, _ kind: StreamingQueryEvent.Kind, batch: Int64?, sequence: UInt64) -> Bool {
        let index = index(of: key)
        let isNew: Bool
        let before = runs[index].size
        if kind == .progress, let batch {
            let lane = Int64(bitPattern: sequence &- UInt64(bitPattern: batch))
            isNew = runs[index].batches.insert(lane: lane, sequence)
        } else {
            isNew = runs[index].others.insert(lane: kind.lane, sequence)
        }
        grew(index, by: runs[index].size - before)
        return isNew
    }

    mutating func isNew(_ key: RunKey, batch: Int64, digest: UInt64) -> Bool {
        let index = index(of: key)
        let payload = Payload(batch: batch, digest: digest)
        let place = runs[index].payloads.firstIndexNotBelow(payload)
        if place < runs[index].payloads.count, runs[index].payloads[place] == payload { return false }
        runs[index].payloads.insert(payload, at: place)
        var growth = 1
        if runs[index].payloads.count > Self.maximumPayloads {
            runs[index].payloads.removeFirst(Self.maximumPayloads / 2)
            growth -= Self.maximumPayloads / 2
        }
        grew(index, by: growth)
        return true
    }

    // MARK: Memory

    private mutating func index(of key: RunKey) -> Int {
        uses += 1
        // Events come in stretches of one run.
        if latest < runs.count, runs[latest].key == key {
            runs[latest].lastUse = uses
            return latest
        }
        if let index = indices[key] {
            latest = index
        } else {
            if runs.count >= limits.runs { forgetRuns(keeping: max(1, limits.runs * 9 / 10)) }
            latest = runs.count
            runs.append(Run(key: key))
            indices[key] = latest
        }
        runs[latest].lastUse = uses
        return latest
    }

    private mutating func grew(_ index: Int, by count: Int) {
        size += count
        guard size > limits.intervals else { return }
        // A single large run pays with its own past before others are forgotten.
        if runs[index].size > limits.intervals / 2 {
            let before = runs[index].size
            runs[index].batches.removeLowest(runs[index].batches.segments.count / 2)
            runs[index].others.removeLowest(runs[index].others.segments.count / 2)
            runs[index].payloads.removeFirst(runs[index].payloads.count / 2)
            size -= before - runs[index].size
        } else {
            forgetRuns(keeping: max(1, runs.count / 2))
        }
    }

    /// Keeps the runs that were used last; many go at once, so that one costs little.
    private mutating func forgetRuns(keeping count: Int) {
        runs.sort { $0.lastUse > $1.lastUse }
        runs.removeLast(max(0, runs.count - count))
        indices = [:]
        size = 0
        for (index, run) in runs.enumerated() {
            indices[run.key] = index
            size += run.size
        }
        latest = 0
    }
}

/// A run of a query.
package struct RunKey: Sendable, Hashable {
    /// Identity of the query.
    package var query: UUID
    /// Identity of the run.
    package var run: UUID

    /// Names a run.
    package init(query: UUID, run: UUID) {
        self.query = query
        self.run = run
    }
}

/// What an event is known by, taken out of it in one look: each look at an event's payload retains all that is in it.
struct EventIdentity {
    var key: RunKey
    var kind: StreamingQueryEvent.Kind
    /// The batch of a progress.
    var batch: Int64?

    init(_ event: StreamingQueryEvent) {
        switch event {
        case .progress(let event):
            key = RunKey(query: event.progress.id, run: event.progress.runId)
            (kind, batch) = (.progress, event.progress.batchId)
        case .started(let event): (key, kind) = (RunKey(query: event.id, run: event.runId), .started)
        case .idle(let event): (key, kind) = (RunKey(query: event.id, run: event.runId), .idle)
        case .terminated(let event): (key, kind) = (RunKey(query: event.id, run: event.runId), .terminated)
        }
    }
}

extension StreamingQueryEvent.Kind {
    /// What comes most often last, where adding costs nothing.
    fileprivate var lane: Int64 {
        switch self {
        case .started: 0
        case .terminated: 1
        case .progress: 2
        case .idle: 3
        }
    }
}

extension Array where Element: Comparable {
    /// Where an element stands, or would have to, in a sorted array.
    fileprivate func firstIndexNotBelow(_ element: Element) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
