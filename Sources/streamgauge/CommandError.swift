/// A command could not do what it was asked for.
struct CommandError: Error, CustomStringConvertible {
    /// What was attempted, on what, and why it failed.
    var message: String
    /// What to do about it.
    var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    var description: String { message + (hint.map { " (\($0))" } ?? "") }
}
