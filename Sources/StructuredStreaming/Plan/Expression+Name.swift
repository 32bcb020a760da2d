extension Expression {
    /// The name of the output column this expression makes: its alias, the column's name, or Spark's rendering of it,
    /// such as `count(1)` or `(a + b)`.
    public var name: String {
        switch self {
        case .alias(_, let name): name
        case .column(_, let name, _, _): name
        case .attribute(let name): AttributeName.unquoted(name)
        // Spark names a cast column after the column.
        case .cast(let child, _): child.isNamed ? child.name : text
        default: text
        }
    }

    /// Whether the expression brings a name of its own.
    var isNamed: Bool {
        switch self {
        case .alias, .column, .attribute: true
        default: false
        }
    }

    /// The expression as Spark renders it in names and messages: not SQL, since text constants stand bare.
    public var text: String {
        switch self {
        case .attribute(let name): AttributeName.unquoted(name)
        case .star: "*"
        case .column(_, let name, _, _): name
        case .literal(let value, let type): value.text(as: type)
        case .alias(let child, _): child.text
        case .cast(let child, let type): "CAST(\(child.text) AS \(type.sql))"
        case .unary(.negate, let child): "(- \(child.text))"
        case .unary(.not, let child): "(NOT \(child.text))"
        case .unary(.isNull, let child): "(\(child.text) IS NULL)"
        case .unary(.isNotNull, let child): "(\(child.text) IS NOT NULL)"
        case .binary(.notEqual, let left, let right): "(NOT (\(left.text) = \(right.text)))"
        case .binary(.integralDivide, let left, let right): "(\(left.text) div \(right.text))"
        case .binary(let operation, let left, let right): "(\(left.text) \(operation.rawValue) \(right.text))"
        case .isIn(let value, let list): "(\(value.text) IN (\(list.texts)))"
        case .caseWhen(let branches, let otherwise): Self.caseText(branches, otherwise)
        case .function(let name, let arguments): Self.callText(name, arguments)
        case .aggregate(let function, let argument): "\(function.rawValue)(\(argument?.text ?? "1"))"
        }
    }

    private static func caseText(_ branches: [WhenBranch], _ otherwise: Expression?) -> String {
        var result = "CASE"
        for branch in branches { result += " WHEN \(branch.condition.text) THEN \(branch.value.text)" }
        if let otherwise { result += " ELSE \(otherwise.text)" }
        return result + " END"
    }

    /// A call as Spark names it: a few functions go by another name than the one they are called by.
    private static func callText(_ name: String, _ arguments: [Expression]) -> String {
        switch (name, arguments.count) {
        case ("like", 2): "\(arguments[0].text) LIKE \(arguments[1].text)"
        case ("if", _): "(IF(\(arguments.texts)))"
        case ("sqrt", _), ("exp", _), ("floor", _), ("ceil", _): "\(name.uppercased())(\(arguments.texts))"
        case ("log", 1): "LOG(E(), \(arguments.texts))"
        case ("log10", _): "LOG10(\(arguments.texts))"
        case ("round", 1): "round(\(arguments.texts), 0)"
        case ("substring", 2), ("substr", 2): "\(name)(\(arguments.texts), 2147483647)"
        default: "\(name)(\(arguments.texts))"
        }
    }
}

extension [Expression] {
    /// The expressions' texts, separated by commas.
    fileprivate var texts: String { map(\.text).joined(separator: ", ") }
}

/// How a name of ``Expression/attribute(_:)`` is spelled: bare, or in backquotes when it would read as something else.
enum AttributeName {
    /// The name without surrounding backquotes, doubled ones inside made single.
    static func unquoted(_ name: String) -> String {
        guard name.count >= 2, name.hasPrefix("`"), name.hasSuffix("`") else { return name }
        let inner = Array(name.dropFirst().dropLast())
        var result = ""
        var index = 0
        while index < inner.count {
            if inner[index] == "`" {
                // A lone backquote ends the name: this is several quoted parts, not one.
                guard index + 1 < inner.count, inner[index + 1] == "`" else { return name }
                index += 1
            }
            result.append(inner[index])
            index += 1
        }
        return result
    }

    /// The name in backquotes if it is not a plain identifier.
    static func quotedIfNeeded(_ name: String) -> String {
        isPlain(name) ? name : quoted(name)
    }

    /// The name in backquotes.
    static func quoted(_ name: String) -> String {
        "`" + name.map { $0 == "`" ? "``" : String($0) }.joined() + "`"
    }

    /// Whether a name can stand without backquotes.
    static func isPlain(_ name: String) -> Bool {
        guard let first = name.utf8.first, first == UInt8(ascii: "_") || isLetter(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || ($0 >= 48 && $0 <= 57) || $0 == UInt8(ascii: "_") }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
    }
}
