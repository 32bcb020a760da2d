/// What is wrong with an expression, and where.
public struct AlertExpressionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The line in the expression, from 1.
    public var line: Int
    /// The column in that line, from 1, in characters.
    public var column: Int
    /// What was found and what was expected.
    public var message: String

    /// Describes an error at a place.
    public init(line: Int, column: Int, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }

    /// The place and the message.
    public var description: String { "line \(line), column \(column): \(message)" }
}

/// A place in an expression's text.
struct TextPosition: Sendable, Hashable {
    var line = 1
    var column = 1

    func error(_ message: String) -> AlertExpressionError {
        AlertExpressionError(line: line, column: column, message: message)
    }
}

/// Finds what somebody meant who wrote a word that is not there.
enum NearestWord {
    /// The word with the fewest changed characters; nil where none is close.
    static func of(_ word: String, in words: some Sequence<String>) -> String? {
        let limit = max(2, word.count / 3)
        let candidates = words.map { (word: $0, distance: distance(word, $0)) }
        guard let best = candidates.min(by: { ($0.distance, $0.word) < ($1.distance, $1.word) }) else { return nil }
        return best.distance <= limit ? best.word : nil
    }

    /// A question to end a message with; empty where no word is close.
    static func question(_ word: String, in words: some Sequence<String>) -> String {
        of(word, in: words).map { "; did you mean \($0)?" } ?? ""
    }

    /// How many characters have to be added, removed or replaced (Levenshtein). Words are cut at 100 characters.
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.prefix(100)), Array(right.prefix(100)))
        var row = Array(0...right.count)
        for (index, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let replaced = diagonal + (character == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[right.count]
    }
}
