/// Whether a query has the right size for its input, in words, with the figures behind them and what to change.
public struct SizingVerdict: Sendable, Hashable {
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
    /// Where the words come from: most verdicts are never read.
    private var words: Words

    private enum Words: Sendable {
        case told(summary: String, advice: [String])
        case from(SizingEvidence)
    }

    /// The verdict in a sentence with its figures.
    public var summary: String {
        switch words {
        case .told(let summary, _): summary
        case .from(let evidence): evidence.summary(kind, phase)
        }
    }

    /// What to change, the most promising first; empty where nothing needs to be.
    public var advice: [String] {
        switch words {
        case .told(_, let advice): advice
        case .from(let evidence): evidence.advice(kind, phase)
        }
    }

    /// Gives a verdict.
    init(_ evidence: SizingEvidence) {
        words = .from(evidence)
        (kind, phase) = (.unknown, nil)
        guard let use = evidence.use, evidence.batches >= Self.minimumBatches, evidence.meanRows > 0 else { return }
        let isBusy = use >= Self.phaseShare || (evidence.isShort && !evidence.isHeldBack)
        if isBusy, let top = evidence.topPhase, top.phase != "addBatch", top.share >= Self.phaseShare {
            (kind, phase) = (.bottleneck, top.phase)
        } else if evidence.isHeldBack || evidence.isShort || (evidence.interval > 0 && use >= Self.highUse) {
            kind = .underProvisioned
        } else if use < Self.lowUse, evidence.lagSeconds ?? 0 < 1, evidence.lagFiles ?? 0 == 0 {
            kind = .overProvisioned
        } else {
            kind = .wellProvisioned
        }
    }

    /// Whether both say the same.
    public static func == (left: SizingVerdict, right: SizingVerdict) -> Bool {
        left.kind == right.kind && left.phase == right.phase && left.summary == right.summary
            && left.advice == right.advice
    }

    /// Feeds in what tells verdicts apart.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(phase)
        hasher.combine(summary)
    }
}

extension SizingVerdict: Codable {
    private enum CodingKeys: CodingKey {
        case kind, phase, summary, advice
    }

    /// Reads a verdict with its words.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        kind = try container.decode(Kind.self, forKey: .kind)
        phase = try container.decodeIfPresent(String.self, forKey: .phase)
        words = .told(
            summary: try container.decode(String.self, forKey: .summary),
            advice: try container.decode([String].self, forKey: .advice))
    }

    /// Writes the verdict with its words.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        try container.encodeIfPresent(phase, forKey: .phase)
        try container.encode(summary, forKey: .summary)
        try container.encode(advice, forKey: .advice)
    }
}

/// What a verdict rests on.
struct SizingEvidence: Sendable {
    /// How many batches were looked at.
    var batches: Int
    /// The share of the time in which a trigger runs, as the clock says.
    var busyRatio: Double?
    /// The mean duration of a trigger in milliseconds.
    var meanDuration: Double?
    /// The mean number of rows of a batch.
    var meanRows: Double
    var inputRowsPerSecond: Double?
    var processedRowsPerSecond: Double?
    /// The trigger interval in milliseconds; 0 without one.
    var interval: Int64
    var pressure: InputPressure
    var lagRecords: Int64?
    var lagSeconds: Double?
    /// Records that arrive in a second, where a single source says so.
    var arrivingPerSecond: Double?
    /// Whether records that wait become more, and will go on to.
    var isGrowing: Bool
    /// Files and bytes that wait, where a source tells those.
    var lagFiles: Int64?
    var lagBytes: Int64?
    var hasState: Bool
    /// Partitions of its state, where it says so.
    var statePartitions: Int64?
    /// The phase that takes most.
    var topPhase: PhaseShare?

    init(
        batches: BatchWindow, interval: Int64, pressure: InputPressure, lags: [SourceLag], stateUse: StateUse?,
        phases: [PhaseShare]
    ) {
        self.batches = batches.count
        busyRatio = batches.busyRatio
        meanDuration = batches.meanDuration
        meanRows = batches.meanRows ?? 0
        inputRowsPerSecond = batches.inputRowsPerSecond
        processedRowsPerSecond = batches.processedRowsPerSecond
        self.interval = interval
        self.pressure = pressure
        for records in lags.lazy.compactMap(\.records) { lagRecords = (lagRecords ?? 0).addingSaturated(records) }
        for files in lags.lazy.compactMap(\.files) { lagFiles = (lagFiles ?? 0).addingSaturated(files) }
        for bytes in lags.lazy.compactMap(\.bytes) { lagBytes = (lagBytes ?? 0).addingSaturated(bytes) }
        lagSeconds = lags.lazy.compactMap(\.secondsBehind).max()
        arrivingPerSecond = lags.count == 1 ? lags.first?.inputRowsPerSecond : nil
        isGrowing = lags.contains { $0.neverCatchesUp && $0.trendPerSecond ?? 0 > 0 }
        hasState = stateUse != nil
        statePartitions = stateUse?.partitions
        topPhase = phases.first
    }

    /// The share of the time in which a trigger runs, by the interval where there is one: a batch that is longer than it is more
    /// than all of the time.
    var use: Double? {
        guard let busyRatio else { return nil }
        guard interval > 0, let meanDuration else { return busyRatio }
        return max(busyRatio, meanDuration / Double(interval))
    }

    /// Whether it does not keep up.
    var isShort: Bool {
        if pressure == .sustained { return true }
        return interval > 0 && (meanDuration ?? 0) > Double(interval)
    }

    /// Files or bytes that wait from here on are more than what has just come.
    private static let (manyFiles, manyBytes): (Int64, Int64) = (10, 64 << 20)

    /// Whether more waits than a few batches hold, while it has time to read it.
    var isHeldBack: Bool {
        guard interval > 0, let use, use < 0.7 else { return false }
        if let lagRecords, Double(lagRecords) > 2 * max(1, meanRows) { return true }
        return lagFiles.map { $0 >= Self.manyFiles } ?? (lagBytes ?? 0 >= Self.manyBytes)
    }

    /// Whether no source says what waits, as files do not: it may be nothing or a lot.
    var isLagUnknown: Bool { lagRecords == nil && lagFiles == nil && lagBytes == nil }
}

// MARK: Words

extension SizingEvidence {
    /// A verdict in a sentence.
    func summary(_ kind: SizingVerdict.Kind, _ phase: String?) -> String {
        switch kind {
        case .unknown:
            batches < SizingVerdict.minimumBatches
                ? "\(batches) of \(SizingVerdict.minimumBatches) batches that a verdict needs were seen"
                : "the last \(batches) batches read no rows"
        case .bottleneck:
            "\(phase ?? "one phase") takes \(Figures.percent(topPhase?.share ?? 0)) of a trigger, \(sentence)"
        case .underProvisioned:
            if isHeldBack {
                "\(lagRecords ?? 0 > 0 ? "records" : lagFiles != nil ? "files" : "data") wait\(isGrowing ? " and become more" : "") "
                    + "although it is idle between batches: " + sentence
            } else {
                (isShort ? "it does not keep up: " : "it has no reserve: ") + sentence
            }
        case .overProvisioned: "it has more than it needs: \(sentence)"
        case .wellProvisioned: "it keeps up: \(sentence)"
        }
    }

    /// What to change.
    func advice(_ kind: SizingVerdict.Kind, _ phase: String?) -> [String] {
        switch kind {
        case .unknown, .wellProvisioned: []
        case .bottleneck: phase.map { SizingAdvice.bottleneck($0) } ?? []
        case .underProvisioned: isHeldBack ? SizingAdvice.limits(self) : SizingAdvice.short(self)
        case .overProvisioned: SizingAdvice.spare(self)
        }
    }

    private var sentence: String {
        var parts = ["\(Figures.duration(seconds: (meanDuration ?? 0) / 1000)) a trigger"]
        if interval > 0 { parts[0] += " of a \(Figures.duration(milliseconds: interval)) interval" }
        parts[0] += " (busy for \(Figures.percent(use ?? 0)))"
        parts.append("\(Figures.number(meanRows)) rows a batch")
        if let inputRowsPerSecond, let processedRowsPerSecond {
            parts.append(
                "\(Figures.number(inputRowsPerSecond)) of \(Figures.number(processedRowsPerSecond)) possible rows/s")
        }
        if let lagRecords {
            let seconds = lagSeconds.map { ", \(Figures.duration(seconds: $0)) of work" } ?? ""
            parts.append("\(Figures.count(lagRecords)) records behind\(seconds)")
        }
        if let lagFiles { parts.append("\(Figures.count(lagFiles)) files behind") }
        if let lagBytes { parts.append("\(Figures.bytes(Double(lagBytes))) behind") }
        if isLagUnknown { parts.append("what waits is not known") }
        return parts.joined(separator: ", ") + ", over \(Figures.number(Double(batches))) batches"
    }
}
