/// Something of the monitor could not be done.
public struct MonitoringError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was attempted, on what, and why it failed.
    public var message: String
    /// What to do about it.
    public var hint: String?

    /// Describes what could not be done.
    public init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// The message, and the hint in brackets.
    public var description: String { message + (hint.map { " (\($0))" } ?? "") }
}
