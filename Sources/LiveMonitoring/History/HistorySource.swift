public import FoundationEssentials
public import Monitoring

/// Where points are kept for longer than a hub keeps them.
public protocol HistorySource: Sendable {
    /// The points of a query between two times, rolled up where there are many.
    ///
    /// - Returns: Nil for a query of which nothing is kept.
    /// - Throws: Why it cannot be read, in one line.
    func history(of id: UUID, _ range: HistoryRange) async throws -> StoredHistory?

    /// Batches of a query whose JSON is kept, the newest first; nil for a query of which nothing is kept.
    ///
    /// - Parameters:
    ///   - start: Triggers that started at this time or later; nil is as far back as there is something.
    ///   - end: Up to this time; nil is the newest there is.
    ///   - limit: So many at most.
    /// - Throws: Why it cannot be read, in one line.
    func batches(
        of id: UUID, from start: MonitorTime?, through end: MonitorTime?, limit: Int
    ) async throws -> [BatchKey]?

    /// A batch's progress as Spark's JSON; nil where it is not kept.
    ///
    /// - Throws: Why it cannot be read, in one line.
    func progressJSON(of id: UUID, runId: UUID, batchId: Int64) async throws -> [UInt8]?

    /// How the keeping does.
    var health: HistoryHealth { get }
}

/// Which points are asked for.
public struct HistoryRange: Sendable, Hashable {
    /// How long the time of one point is.
    public enum Step: Sendable, Hashable {
        /// The shortest with which the points are few enough and all of the time is still there.
        case automatic
        /// Each trigger is a point.
        case raw
        /// So many seconds, a multiple of 60.
        case seconds(Int64)
    }

    /// From this time on; nil is as far back as there is something.
    public var from: MonitorTime?
    /// Up to this time; nil is the newest there is.
    public var through: MonitorTime?
    /// How long the time of one point is.
    public var step: Step
    /// Points at most; with ``Step/automatic`` steps are as long as that takes, else the oldest points are left out.
    public var limit: Int

    /// Describes a range.
    public init(
        from: MonitorTime? = nil, through: MonitorTime? = nil, step: Step = .automatic, limit: Int = 2000
    ) {
        self.from = from
        self.through = through
        self.step = step
        self.limit = limit
    }
}

/// The points of one query over some time, the oldest first.
public struct StoredHistory: Sendable, Hashable {
    /// Seconds that each point is about; 0 where each trigger is a point.
    public var stepSeconds: Int64
    /// Triggers behind each point.
    public var triggers: [Int64] = []
    /// The points; those of several triggers are at the beginning of their time and have the means of what is known.
    public var points: [HistoryPoint] = []
    /// The least values behind each point; the same points where each trigger is one. Phases are in ``points`` alone.
    public var minima: [HistoryPoint] = []
    /// The greatest values behind each point, likewise.
    public var maxima: [HistoryPoint] = []
    /// Whether older points are left out.
    public var isCut = false
    /// When runs after the first began.
    public var restarts: [MonitorTime] = []
    /// Changes of state, after the last one before that time.
    public var transitions: [QueryTransition] = []

    /// An empty history.
    public init(stepSeconds: Int64) { self.stepSeconds = stepSeconds }
}

/// How a history does.
public struct HistoryHealth: Sendable, Hashable {
    /// Whether what comes is being kept.
    public var isWriting = true
    /// Why it is not; nil while all is well.
    public var error: String?
    /// Events that were kept, copies among them.
    public var written: UInt64 = 0
    /// Events and changes of state that were given up, because they could not be kept.
    public var lost: UInt64 = 0
    /// Events and changes that wait to be kept.
    public var pending: Int = 0
    /// Bytes of the file.
    public var sizeBytes: Int64 = 0

    /// A history that has kept nothing yet.
    public init() {}
}
