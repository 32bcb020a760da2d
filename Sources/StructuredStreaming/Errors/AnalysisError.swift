/// A query that cannot run as written: an unknown column, a type that does not fit, an unsupported combination.
public struct AnalysisError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Spark's error class where it has one, such as `UNRESOLVED_COLUMN.WITH_SUGGESTION`.
    public var errorClass: String
    /// What is wrong and with what.
    public var message: String
    /// What to do.
    public var hint: String?

    /// Creates an error.
    public init(_ errorClass: String, _ message: String, hint: String? = nil) {
        self.errorClass = errorClass
        self.message = message
        self.hint = hint
    }

    /// `[CLASS] message (hint)`.
    public var description: String { "[\(errorClass)] \(message)" + (hint.map { " (\($0))" } ?? "") }
}
