public import FoundationEssentials

/// What a streaming query is doing, as far as its events tell.
public enum QueryState: String, Sendable, Hashable, Codable, CaseIterable {
    /// It has started and has not ended its first trigger.
    case starting
    /// It runs batches and keeps up, or it is too early to say that it does not.
    case processing
    /// It runs and finds nothing to do.
    case idle
    /// It runs batches and does not keep up with what arrives, over several batches.
    case behind
    /// It has given no sign of life for longer than it ever should: a batch that does not end, or a process that hangs.
    case stalled
    /// It has started anew from its checkpoint, and has not ended the first trigger of this run.
    case restarting
    /// It has ended without an exception.
    case terminated
    /// It has ended with an exception.
    case failed
    /// Nothing can be said: no event yet, or a silence that an idle query of this feed would keep as well.
    case unknown

    /// Whether the run has ended.
    public var isEnded: Bool { self == .terminated || self == .failed }
}

/// A change of a query's state, with what led to it.
public struct QueryTransition: Sendable, Hashable, Codable {
    /// Identity of the query.
    public var id: UUID
    /// Identity of the run that the new state is about.
    public var runId: UUID?
    /// The state before.
    public var from: QueryState
    /// The state from now on.
    public var to: QueryState
    /// When it changed, in the feed's time; for silence the moment at which it became too long.
    public var at: MonitorTime
    /// Why, in words and numbers.
    public var reason: String

    /// Describes a change.
    public init(id: UUID, runId: UUID?, from: QueryState, to: QueryState, at: MonitorTime, reason: String) {
        self.id = id
        self.runId = runId
        self.from = from
        self.to = to
        self.at = at
        self.reason = reason
    }
}

/// How a run ended with an exception.
public struct QueryFailure: Sendable, Hashable, Codable {
    /// Identity of the run.
    public var runId: UUID
    /// When the event arrived; it has no time of its own.
    public var at: MonitorTime
    /// Spark's error class, such as `DIVIDE_BY_ZERO`; nil where it has none, and before Spark 3.5.
    public var errorClass: String?
    /// The exception's text, in Spark the stack trace of the cause; at most its first 8 KiB.
    public var exception: String

    /// The first line of the exception's text.
    public var firstLine: String {
        String(exception.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: true).first ?? "")
    }

    static let maximumExceptionBytes = 8192

    init(runId: UUID, at: MonitorTime, errorClass: String?, exception: String) {
        self.runId = runId
        self.at = at
        self.errorClass = errorClass
        self.exception = exception.prefix(utf8Bytes: Self.maximumExceptionBytes)
    }
}

extension String {
    /// The beginning of at most so many bytes, cut between two characters.
    package func prefix(utf8Bytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end > startIndex, end.samePosition(in: self) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
