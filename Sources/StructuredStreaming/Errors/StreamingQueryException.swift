public import FoundationEssentials

/// Why a streaming query ended by itself.
public struct StreamingQueryException: Error, Sendable, CustomStringConvertible {
    /// Identity of the query.
    public var id: UUID
    /// Identity of the run.
    public var runId: UUID
    /// The cause's error class, such as `CAST_INVALID_INPUT`; nil where it has none.
    public var errorClass: String?
    /// The cause's text.
    public var message: String
    /// The batch's start offsets, one text a source.
    public var startOffset: String?
    /// The batch's end offsets, one text a source.
    public var endOffset: String?
    /// The cause.
    public var cause: any Error

    /// Creates an exception.
    public init(
        id: UUID, runId: UUID, errorClass: String?, message: String, startOffset: String? = nil,
        endOffset: String? = nil, cause: any Error
    ) {
        self.id = id
        self.runId = runId
        self.errorClass = errorClass
        self.message = message
        self.startOffset = startOffset
        self.endOffset = endOffset
        self.cause = cause
    }

    /// Spark's sentence: `[STREAM_FAILED] Query [id = …, runId = …] terminated with exception: …`.
    public var description: String {
        let ids = "id = \(id.uuidString.lowercased()), runId = \(runId.uuidString.lowercased())"
        return "[STREAM_FAILED] Query [\(ids)] terminated with exception: \(message)"
    }
}
