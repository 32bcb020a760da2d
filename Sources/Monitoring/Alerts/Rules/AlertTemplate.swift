/// A text with places for an alert's labels and value: `{{ $labels.query }} has {{ $value | humanize }} records waiting`.
///
/// The part of Prometheus' templates that texts need: `$labels.NAME` or `.Labels.NAME`, `$value` or `.Value`, texts in quotes, and
/// behind `|`, or before their argument, `humanize`, `humanize1024`, `humanizeDuration`, `humanizePercentage`,
/// `humanizeTimestamp`, `printf "FORMAT"`, `title`, `toUpper` and `toLower`. There are no loops and no conditions.
public struct AlertTemplate: Sendable, Hashable {
    /// Why a text cannot be read.
    public struct Malformed: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong.
        public var message: String
        /// The same.
        public var description: String { message }
    }

    enum Operand: Sendable, Hashable {
        case label(String)
        case value
        case text(String)
    }

    enum Function: String, Sendable, Hashable, CaseIterable {
        case humanize, humanize1024, humanizeDuration, humanizePercentage, humanizeTimestamp, title, toUpper, toLower
    }

    enum Step: Sendable, Hashable {
        case function(Function)
        case format(AlertNumberFormat)
    }

    private enum Piece: Sendable, Hashable {
        case text(String)
        case place(Operand, [Step])
    }

    /// The text as it was written.
    public let text: String
    private var pieces: [Piece] = []

    /// Reads a text.
    public init(_ text: String) throws(Malformed) {
        self.text = text
        var rest = text[...]
        while let start = rest.firstRange(of: "{{") {
            append(rest[..<start.lowerBound])
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: "}}") else { throw Malformed(message: "a {{ without its }}") }
            var inner = rest[..<end.lowerBound]
            rest = rest[end.upperBound...]
            if inner.hasPrefix("- ") {
                inner = inner.dropFirst(2)
                trimEnd()
            }
            if inner.hasSuffix(" -") {
                inner = inner.dropLast(2)
                rest = rest.drop { $0.isWhitespace }
            }
            var parser = TemplateParser(String(inner))
            let (operand, steps) = try parser.pipeline()
            pieces.append(.place(operand, steps))
        }
        append(rest)
    }

    /// A text without places.
    public init(plain text: String) {
        self.text = text
        append(text[...])
    }

    private mutating func append(_ text: Substring) {
        if !text.isEmpty { pieces.append(.text(String(text))) }
    }

    private mutating func trimEnd() {
        guard case .text(let before)? = pieces.last else { return }
        pieces.removeLast()
        append(before[..<(before.lastIndex { !$0.isWhitespace }.map(before.index(after:)) ?? before.startIndex)])
    }

    /// Whether the text is the same for every alert.
    public var isConstant: Bool {
        pieces.allSatisfy { if case .text = $0 { true } else { false } }
    }

    /// The labels that it shows.
    public var shownLabels: [String] {
        pieces.compactMap { if case .place(.label(let name), _) = $0 { name } else { nil } }
    }

    /// The text for an alert. A label that it does not have is empty.
    public func expanded(labels: [MetricLabel], value: Double?) -> String {
        var result = ""
        for piece in pieces {
            switch piece {
            case .text(let text): result += text
            case .place(let operand, let steps):
                result += Self.text(of: operand, steps, labels, value)
            }
        }
        return result
    }

    private static func text(
        of operand: Operand, _ steps: [Step], _ labels: [MetricLabel], _ value: Double?
    ) -> String {
        var text: String
        var number: Double?
        switch operand {
        case .label(let name): text = labels.first { $0.name == name }?.value ?? ""
        case .text(let constant): text = constant
        case .value:
            number = value
            text = value.map { AlertNumberFormat.plain($0) } ?? "unknown"
        }
        for step in steps {
            switch step {
            case .function(let function): text = apply(function, text, number)
            case .format(let format): text = format.text(of: number ?? Double(text), or: text)
            }
            number = nil
        }
        return text
    }

    private static func apply(_ function: Function, _ text: String, _ number: Double?) -> String {
        func with(_ body: (Double) -> String) -> String { (number ?? Double(text)).map(body) ?? text }
        switch function {
        case .humanize: return with(AlertNumberFormat.humanize)
        case .humanize1024: return with(AlertNumberFormat.humanize1024)
        case .humanizeDuration: return with(AlertNumberFormat.humanizeDuration)
        case .humanizePercentage: return with { AlertNumberFormat.significant($0 * 100) + "%" }
        case .humanizeTimestamp: return with(AlertNumberFormat.timestamp)
        case .title:
            return text.split(separator: " ", omittingEmptySubsequences: false)
                .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
        case .toUpper: return text.uppercased()
        case .toLower: return text.lowercased()
        }
    }
}

/// Reads what stands between two pairs of braces.
struct TemplateParser {
    private var rest: Substring
    private let whole: String

    init(_ text: String) {
        whole = text.trimmedSpaces
        rest = whole[...]
    }

    /// `operand | function | …`, or `function operand | …`.
    mutating func pipeline() throws(AlertTemplate.Malformed) -> (AlertTemplate.Operand, [AlertTemplate.Step]) {
        var steps: [AlertTemplate.Step] = []
        let operand: AlertTemplate.Operand
        if let first = try step() {
            steps.append(first)
            operand = try self.operand()
        } else {
            operand = try self.operand()
        }
        while true {
            skipSpaces()
            if rest.isEmpty { return (operand, steps) }
            guard rest.first == "|" else { throw malformed("expected | or }}, found \(rest.prefix(20))") }
            rest = rest.dropFirst()
            guard let next = try step() else { throw malformed("expected a function after |") }
            steps.append(next)
        }
    }

    private func malformed(_ message: String) -> AlertTemplate.Malformed {
        AlertTemplate.Malformed(message: "cannot read {{ \(whole.prefix(utf8Bytes: 80)) }}: \(message)")
    }

    private mutating func skipSpaces() { rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "\n" } }

    private mutating func word() -> String {
        let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        rest = rest[word.endIndex...]
        return String(word)
    }

    private mutating func step() throws(AlertTemplate.Malformed) -> AlertTemplate.Step? {
        skipSpaces()
        guard let first = rest.first, first.isLetter else { return nil }
        let name = word()
        if let function = AlertTemplate.Function(rawValue: name) { return .function(function) }
        if name == "printf" {
            skipSpaces()
            guard rest.first == "\"" else { throw malformed("printf needs a format in quotes") }
            guard let format = AlertNumberFormat(try quoted()) else {
                throw malformed("printf understands one of %f, %.2f, %e, %g, %d, %s and %v")
            }
            return .format(format)
        }
        let names = AlertTemplate.Function.allCases.map(\.rawValue) + ["printf"]
        let hint =
            ["if", "range", "with", "else", "end", "define", "template", "query"].contains(name)
            ? "; loops, conditions and queries are not understood" : NearestWord.question(name, in: names)
        throw malformed("there is no function \(name)\(hint)")
    }

    private mutating func operand() throws(AlertTemplate.Malformed) -> AlertTemplate.Operand {
        skipSpaces()
        if rest.first == "\"" { return .text(try quoted()) }
        for (prefix, isLabel) in [("$labels.", true), (".Labels.", true), ("$value", false), (".Value", false)]
        where rest.hasPrefix(prefix) {
            rest = rest.dropFirst(prefix.count)
            guard isLabel else { return .value }
            let name = word()
            guard !name.isEmpty else { throw malformed("expected a label's name after \(prefix)") }
            return .label(name)
        }
        throw malformed("expected $labels.NAME, $value or a text in quotes")
    }

    private mutating func quoted() throws(AlertTemplate.Malformed) -> String {
        let inner = rest.dropFirst()
        guard let end = inner.firstIndex(of: "\"") else { throw malformed("a text without its end") }
        rest = inner[inner.index(after: end)...]
        return String(inner[..<end])
    }
}

extension String {
    var trimmedSpaces: String {
        guard let start = firstIndex(where: { !$0.isWhitespace }), let end = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[start...end])
    }
}
