/// What is wrong in a file, and where.
public struct AlertFileProblem: Sendable, Hashable, Codable {
    /// The line, from 1.
    public var line: Int
    /// The column in that line, from 1, in characters.
    public var column: Int
    /// What was found and what was expected.
    public var message: String

    /// Describes a problem.
    public init(line: Int, column: Int, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }
}

/// A file of rules or of tests that cannot be used, with all that is wrong in it.
public struct AlertFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file's name.
    public var file: String
    /// The problems in the order of their lines; at least one.
    public var problems: [AlertFileProblem]

    /// Describes one.
    public init(file: String, problems: [AlertFileProblem]) {
        self.file = file
        self.problems = problems
    }

    /// Each problem in a line of its own, as compilers write them.
    public var description: String {
        problems.map { "\(file):\($0.line):\($0.column): \($0.message)" }.joined(separator: "\n")
    }
}
