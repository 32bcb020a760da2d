import Yams

/// A YAML text read with places, and the problems found in it. The only file that knows the YAML library.
package struct YAMLDocument {
    /// Larger files are refused before anything is read.
    static let maximumBytes = 4 << 20
    private static let maximumDepth = 200

    /// A key of a mapping or an element of a list.
    package struct Value {
        fileprivate let node: Node
        package let line: Int
        package let column: Int
    }

    let file: String
    package private(set) var problems: [AlertFileProblem] = []
    private let lines: [Substring]

    package init(file: String, text: String) {
        self.file = file
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The whole text; nil where it is no YAML, or nothing.
    package mutating func root(of text: String) -> Value? {
        guard text.utf8.count <= Self.maximumBytes else {
            report("the file is larger than \(Self.maximumBytes >> 20) MiB", line: 1, column: 1)
            return nil
        }
        guard !Self.isNestedTooDeep(text) else {
            report("the file is nested too deep", line: 1, column: 1)
            return nil
        }
        do {
            guard let node = try compose(yaml: text) else {
                report("the file is empty", line: 1, column: 1)
                return nil
            }
            return value(node)
        } catch let error as YamlError {
            report(error)
        } catch {
            report("cannot be read: \(error)", line: 1, column: 1)
        }
        return nil
    }

    /// The library reads nested lists by calling itself, so depth has to be bounded before: by brackets that are open, and by the
    /// blanks, dashes and question marks that begin a line, of which each level of a block needs one.
    private static func isNestedTooDeep(_ text: String) -> Bool {
        var open = 0
        var beginning = 0
        var isBeginning = true
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\n"): (beginning, isBeginning) = (0, true)
            case UInt8(ascii: "["), UInt8(ascii: "{"): open += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): open = max(0, open - 1)
            default: break
            }
            let isIndicator =
                byte == UInt8(ascii: " ") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "?")
                || byte == UInt8(ascii: "\t")
            if !isIndicator, byte != UInt8(ascii: "\n") { isBeginning = false }
            if isBeginning, isIndicator { beginning += 1 }
            if open > maximumDepth || beginning > maximumDepth { return true }
        }
        return false
    }

    private mutating func report(_ error: YamlError) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let inside = context.map { "\($0.text) from line \($0.mark.line) on: " } ?? ""
            report("this is no YAML: \(inside)\(problem)", line: mark.line, column: mark.column)
        case .duplicatedKeysInMapping(let keys, let context):
            report(
                "the key \(keys.sorted().joined(separator: ", ")) is there twice", line: context.mark.line,
                column: context.mark.column)
        case .reader(let problem, _, _, _): report("this is no text: \(problem)", line: 1, column: 1)
        default: report("this is no YAML: \(error)", line: 1, column: 1)
        }
    }

    package mutating func report(_ message: String, line: Int, column: Int) {
        problems.append(AlertFileProblem(line: line, column: column, message: message))
    }

    package mutating func report(_ message: String, at value: Value) {
        report(message, line: value.line, column: value.column)
    }

    private func value(_ node: Node) -> Value {
        Value(node: node, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    // MARK: Forms

    /// A mapping's keys in their order, with their places; nil and a problem where it is none.
    package mutating func entries(_ value: Value, _ what: String) -> [(key: String, place: Value, value: Value)]? {
        guard case .mapping(let mapping) = value.node else {
            report("\(what) must be a mapping of keys", at: value)
            return nil
        }
        return mapping.compactMap { key, inner in
            guard case .scalar(let scalar) = key else {
                report("a key must be a word", at: self.value(key))
                return nil
            }
            let place = self.value(key)
            // An empty value has no place of its own.
            let found =
                inner.mark == nil ? Value(node: inner, line: place.line, column: place.column) : self.value(inner)
            return (scalar.string, place, found)
        }
    }

    /// A mapping with known keys; others are problems.
    package mutating func fields(_ value: Value, _ what: String, keys: [String]) -> [String: Value]? {
        guard let entries = entries(value, what) else { return nil }
        var fields: [String: Value] = [:]
        for entry in entries {
            if keys.contains(entry.key) {
                fields[entry.key] = entry.value
            } else {
                let nearest = WordDistance.nearest(entry.key, keys).map { "did you mean \($0)?" }
                let hint = nearest ?? "known are \(keys.joined(separator: ", "))"
                report("\(what) has no key \(entry.key); \(hint)", at: entry.place)
            }
        }
        return fields
    }

    package mutating func list(_ value: Value, _ what: String) -> [Value] {
        guard case .sequence(let sequence) = value.node else {
            report("\(what) must be a list", at: value)
            return []
        }
        return sequence.map { self.value($0) }
    }

    package mutating func text(_ value: Value, _ what: String) -> String? {
        guard case .scalar(let scalar) = value.node else {
            report("\(what) must be a text", at: value)
            return nil
        }
        guard !(scalar.string.isEmpty && scalar.style == .plain) else {
            report("\(what) has no value", at: value)
            return nil
        }
        return scalar.string
    }

    package mutating func texts(_ value: Value, _ what: String) -> [String] {
        list(value, what).compactMap { text($0, what) }
    }

    /// Where a character of a text stands in the file, as far as its form tells: exactly in one line and in a block with `|`.
    package func place(in value: Value, line: Int, column: Int) -> (line: Int, column: Int, isExact: Bool) {
        guard case .scalar(let scalar) = value.node else { return (value.line, value.column, false) }
        switch scalar.style {
        case .literal:
            let number = value.line + line
            guard lines.indices.contains(number - 1) else { return (value.line, value.column, false) }
            // The first line of a block sets its indentation.
            let first = lines[value.line...].first { !$0.allSatisfy(\.isWhitespace) } ?? ""
            return (number, first.prefix { $0 == " " }.count + column, true)
        case .folded: return (value.line, value.column, false)
        default:
            let isOneLine = lines.indices.contains(value.line - 1) && !scalar.string.contains("\\")
            let rest = isOneLine ? lines[value.line - 1].dropFirst(value.column - 1) : ""
            guard line == 1, rest.dropFirst(scalar.style == .plain ? 0 : 1).hasPrefix(scalar.string) else {
                return (value.line, value.column, false)
            }
            return (value.line, value.column + (scalar.style == .plain ? 0 : 1) + column - 1, true)
        }
    }

    /// The error of all problems; nil where there is none.
    package var error: AlertFileError? {
        problems.isEmpty
            ? nil
            : AlertFileError(file: file, problems: problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
    }
}
