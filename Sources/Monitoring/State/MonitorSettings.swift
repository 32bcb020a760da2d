/// What a monitor takes for normal. Every length of time is in the feed's time; a negative one counts as none.
public struct MonitorSettings: Sendable, Hashable {
    // MARK: Silence

    /// The queries' trigger interval where it is known, zero for the default trigger, which has none; nil lets each monitor find it in the
    /// times of the triggers.
    public var triggerInterval: Duration?
    /// Trigger intervals of single queries, by name; they come before ``triggerInterval``.
    public var triggerIntervals: [String: Duration] = [:]
    /// How often a query without data says so: `spark.sql.streaming.noDataProgressEventInterval`.
    public var noDataInterval: Duration = .seconds(10)
    /// A query is stalled after this many times the longest normal time between two of its events. At least 1.
    public var silenceFactor: Double = 3
    /// No silence below this is too long: a burst makes one batch of a quick query many times longer than its others.
    public var minimumSilence: Duration = .seconds(60)
    /// How long a run may take to end its first trigger, and how long a run may be silent of which too little is known to
    /// say what is normal.
    public var startLimit: Duration = .seconds(600)
    /// Whether a query is stalled by silence even where the feed has never shown that it would carry an idle query's signs of
    /// life; else it is unknown. Spark since 3.5 sends idle events, which a listener may not forward, and no progress.
    public var stallsWithoutIdleEvents = false
    /// A call of `advance(to:)` further than this past the one before says that the watcher itself slept; what went by meanwhile
    /// is not counted as silence. Nil counts all; set it where the time comes from a running clock.
    public var longestWatcherPause: Duration?

    // MARK: Keeping up

    /// A query that reads nothing for so long is idle.
    public var idleAfter: Duration = .seconds(10)
    /// A backlog of more seconds of work than this is one. A query comes out of it below half.
    public var behindLag: Duration = .seconds(60)
    /// A backlog that will be gone within this is worked off and no reason to be behind: what a burst or a pause has left, judged by
    /// the pace at which it has shrunk since it was largest. It is believed for as long, once, until the backlog is below half of
    /// ``behindLag``. A query comes out of being behind at half of it.
    public var catchUpLimit: Duration = .seconds(900)
    /// So many batches in a row must be behind before the query is.
    public var behindBatches = 3
    /// They must take so long together.
    public var behindFor: Duration = .seconds(15)
    /// So many batches in a row must keep up before the query does again.
    public var calmBatches = 2
    /// More rows a second must arrive than this many times those processed for a batch to be behind. At least 1.
    public var inputOverProcessing: Double = 1.1

    // MARK: Measures

    /// Sustained rates and trends look back so far; where triggers are further apart than a part of it, over the last few of them, at most
    /// a day.
    public var window: Duration = .seconds(300)
    /// They look at no more batches than this. At least 2.
    public var windowBatches = 64
    /// The growth of state looks back so far.
    public var growthWindow: Duration = .seconds(3600)

    // MARK: Memory

    /// An ended query is forgotten so long after its end.
    public var endedExpiry: Duration = .seconds(3600)
    /// A query that has not ended is forgotten so long after its last event.
    public var silentExpiry: Duration = .seconds(86_400)
    /// No more queries than this are kept; the one that has been quiet longest goes first, ended ones before others. At least 1.
    public var maximumQueries = 10_000
    /// Points of history kept for each query; 0 keeps none.
    public var historyPoints = 300
    /// Bytes for the custom metrics in the histories of all queries together, beyond the first ``QueryHistory/ownCustomMetrics`` of
    /// each; those that come first are kept. Of 300 points 1 MB holds about 800 metrics.
    public var customMetricBytes = 16_000_000
    /// Transitions and restarts kept for each query. At least 1.
    public var maximumTransitions = 32

    /// The defaults.
    public init() {}

    /// The trigger interval that is known for a query of this name.
    func triggerInterval(ofQuery name: String?) -> Duration? {
        name.flatMap { triggerIntervals[$0] } ?? triggerInterval
    }
}
