/// What goes wrong in the embedded engine: in its sources, sinks, state and checkpoint.
public struct EngineError: Error, Sendable, CustomStringConvertible {
    /// What kind of thing went wrong; stable, for programs.
    public enum Code: String, Sendable, Hashable {
        /// A path does not exist.
        case pathNotFound = "PATH_NOT_FOUND"
        /// A file or folder cannot be read or written.
        case inputOutput = "IO_ERROR"
        /// A checkpoint file is damaged, missing or of a newer format.
        case checkpointCorrupt = "CHECKPOINT_CORRUPT"
        /// The checkpoint belongs to another query or to another shape of this one.
        case checkpointIncompatible = "CHECKPOINT_INCOMPATIBLE"
        /// Another run uses the checkpoint.
        case checkpointInUse = "CONCURRENT_STREAM_LOG_UPDATE"
        /// State cannot be loaded.
        case stateUnreadable = "CANNOT_LOAD_STATE_STORE"
        /// State of another schema.
        case stateSchemaIncompatible = "STATE_STORE_SCHEMA_NOT_COMPATIBLE"
        /// Input that cannot be parsed, in FAILFAST mode.
        case malformedRecord = "MALFORMED_RECORD_IN_PARSING"
        /// A value that does not fit its type.
        case arithmetic = "ARITHMETIC_OVERFLOW"
        /// Division by zero.
        case divideByZero = "DIVIDE_BY_ZERO"
        /// A text that is no value of the wanted type.
        case invalidCast = "CAST_INVALID_INPUT"
        /// An option with a value it cannot have, or options that exclude one another.
        case illegalArgument = "ILLEGAL_ARGUMENT"
        /// Something the engine does not do.
        case unsupported = "UNSUPPORTED_FEATURE"
        /// A call at the wrong time, such as a second active query of one name.
        case illegalState = "ILLEGAL_STATE"
    }

    /// What kind.
    public var code: Code
    /// What was attempted, on what, and why it failed.
    public var message: String
    /// What to do about it.
    public var hint: String?
    /// What caused it.
    public var cause: (any Error)?

    /// Creates an error.
    public init(_ code: Code, _ message: String, hint: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }

    /// `[CODE] message (hint)`.
    public var description: String { "[\(code.rawValue)] \(message)" + (hint.map { " (\($0))" } ?? "") }
}
