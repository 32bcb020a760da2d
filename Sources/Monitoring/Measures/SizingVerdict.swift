/// Whether a query has the right size for its input, in words, with the figures behind them and what to change.
public struct SizingVerdict: Sendable, Hashable, Codable {
    /// The verdict in a word.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// It is busy for less than ``SizingVerdict/lowUse`` of the time and nothing waits: it would do with less.
        case overProvisioned
        /// It keeps up and has some reserve.
        case wellProvisioned
        /// It does not keep up, or has no reserve.
        case underProvisioned
        /// One phase besides the work on rows takes most of the time; more workers would not help.
        case bottleneck
        /// Too few batches to say.
        case unknown
    }

    /// Below this share of the time a query has more than it needs.
    public static let lowUse = 0.3
    /// From this share of the trigger interval on there is no reserve.
    public static let highUse = 0.9
    /// A phase with more than this share of the triggers is what limits them.
    public static let phaseShare = 0.5
    /// Fewer batches with a known distance to the one before give no verdict.
    public static let minimumBatches = 5

    /// The verdict in a word.
    public var kind: Kind
    /// The phase that takes most of the time, if it is a bottleneck.
    public var phase: String?
    /// The verdict in a sentence with its figures.
    public var summary: String
    /// What to change, the most promising first; empty where nothing needs to be.
    public var advice: [String]

    /// Gives a verdict.
    init(_ evidence: SizingEvidence) {
        (kind, phase, summary, advice) = (.unknown, nil, "", [])
        guard let use = evidence.use, evidence.batches.batches.count >= Self.minimumBatches, evidence.meanRows > 0
        else {
            let count = evidence.batches.batches.count
            summary =
                count < Self.minimumBatches
                ? "\(count) of \(Self.minimumBatches) batches that a verdict needs were seen"
                : "the last \(count) batches read no rows"
            return
        }
        let isShort = evidence.isShort
        if isShort || use >= Self.phaseShare, let top = evidence.topPhase, top.phase != "addBatch",
            top.share >= Self.phaseShare
        {
            (kind, phase) = (.bottleneck, top.phase)
            summary = "\(top.phase) takes \(Figures.percent(top.share)) of a trigger, \(evidence.sentence(use))"
            advice = SizingAdvice.bottleneck(top.phase)
        } else if evidence.isHeldBack {
            kind = .underProvisioned
            summary = "records wait although it is idle between batches: \(evidence.sentence(use))"
            advice = SizingAdvice.limits
        } else if isShort || (evidence.interval > 0 && use >= Self.highUse) {
            kind = .underProvisioned
            summary = (isShort ? "it does not keep up: " : "it has no reserve: ") + evidence.sentence(use)
            advice = SizingAdvice.short(evidence)
        } else if use < Self.lowUse, evidence.lagSeconds ?? 0 < 1 {
            kind = .overProvisioned
            summary = "it has more than it needs: \(evidence.sentence(use))"
            advice = SizingAdvice.spare(evidence)
        } else {
            kind = .wellProvisioned
            summary = "it keeps up: \(evidence.sentence(use))"
        }
    }
}

/// What a verdict rests on.
struct SizingEvidence {
    var batches: BatchWindow
    /// The trigger interval in milliseconds; 0 without one.
    var interval: Int64
    var pressure: InputPressure
    var lags: [SourceLag]
    var stateUse: StateUse?
    /// The phases of the batches, the largest first.
    var phases: [PhaseShare]

    /// The share of the time in which a trigger runs, by the interval where there is one: a batch that is longer than it is more
    /// than all of the time.
    var use: Double? {
        guard let busy = batches.busyRatio else { return nil }
        guard interval > 0, let mean = batches.meanDuration else { return busy }
        return max(busy, mean / Double(interval))
    }

    var meanRows: Double { batches.meanRows ?? 0 }
    var topPhase: PhaseShare? { phases.first }
    var lagSeconds: Double? { lags.compactMap(\.secondsBehind).max() }
    var lagRecords: Int64? {
        let known = lags.compactMap(\.records)
        return known.isEmpty ? nil : known.reduce(Int64(0)) { $0.addingSaturated($1) }
    }

    /// Whether it does not keep up.
    var isShort: Bool {
        if pressure == .sustained { return true }
        return interval > 0 && (batches.meanDuration ?? 0) > Double(interval)
    }

    /// Whether more waits than a few batches hold, while it has time to read it.
    var isHeldBack: Bool {
        guard interval > 0, let use, use < 0.7, let lagRecords else { return false }
        return Double(lagRecords) > 2 * max(1, meanRows)
    }

    func sentence(_ use: Double) -> String {
        let count = Double(batches.batches.count)
        var parts = ["\(Figures.duration(seconds: (batches.meanDuration ?? 0) / 1000)) a trigger"]
        if interval > 0 { parts[0] += " of a \(Figures.duration(milliseconds: interval)) interval" }
        parts[0] += " (busy for \(Figures.percent(use)))"
        parts.append("\(Figures.number(meanRows)) rows a batch")
        if let input = batches.inputRowsPerSecond, let processed = batches.processedRowsPerSecond {
            parts.append("\(Figures.number(input)) of \(Figures.number(processed)) possible rows/s")
        }
        if let lagRecords {
            let seconds = lagSeconds.map { ", \(Figures.duration(seconds: $0)) of work" } ?? ""
            parts.append("\(Figures.count(lagRecords)) records behind\(seconds)")
        }
        return parts.joined(separator: ", ") + ", over \(Figures.number(count)) batches"
    }
}

/// What helps against what.
enum SizingAdvice {
    static let limits = [
        "raise maxOffsetsPerTrigger or maxFilesPerTrigger: each batch takes less than the trigger has time for",
        "or shorten the trigger interval",
    ]

    static func bottleneck(_ phase: String) -> [String] {
        switch phase {
        case "latestOffset", "getOffset", "setOffsetRange", "getEndOffset":
            [
                "look at the source: finding its newest offset is slow; a folder of many files wants cleanSource or partitions, "
                    + "a broker a shorter way", "lengthen the trigger interval, so that it is asked less often",
            ]
        case "walCommit", "commitOffsets", "commitBatch":
            [
                "put the checkpoint on faster storage: writing offsets and commits is slow",
                "lengthen the trigger interval, so that it is written less often",
            ]
        case "queryPlanning":
            [
                "make the plan smaller, or lengthen the trigger interval so that it is made less often",
                "look for a driver that is short of CPU or memory",
            ]
        case "getBatch":
            ["raise no limit: listing what the batch holds is slow; look at the source's files or metadata"]
        default: ["look at what \(phase) does: more workers do not shorten it"]
        }
    }

    static func short(_ evidence: SizingEvidence) -> [String] {
        var advice = ["add workers or cores: the work on rows takes most of the trigger"]
        if let partitions = evidence.stateUse?.partitions, partitions >= 50,
            evidence.meanRows / Double(partitions) < 100
        {
            let rows = Figures.number(evidence.meanRows)
            advice.insert(
                "lower spark.sql.shuffle.partitions (\(partitions)) for a new checkpoint: a batch has only \(rows) rows",
                at: 0)
        } else if evidence.stateUse != nil {
            advice.append(
                "have at least as many spark.sql.shuffle.partitions as cores; a new number needs a new checkpoint")
        }
        if evidence.interval > 0 {
            advice.append("lengthen the trigger interval: a larger batch costs less for each row")
        }
        if evidence.lagRecords ?? 0 > 0 {
            advice.append("raise maxOffsetsPerTrigger or maxFilesPerTrigger if batches are short while records wait")
        }
        return advice
    }

    static func spare(_ evidence: SizingEvidence) -> [String] {
        evidence.interval > 0
            ? ["take workers away, or shorten the trigger interval for fresher results"]
            : ["take workers away, or set a trigger interval to run fewer and larger batches"]
    }
}
