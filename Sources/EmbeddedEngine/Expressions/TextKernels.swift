import StructuredStreaming

/// The scalar functions on text. A function of one text is computed once for each entry of a dictionary.
enum TextKernels {
    /// Applies a text function to operands that have the types it wants.
    static func apply(_ function: ScalarFunction, _ operands: [Operand], type: DataType, count: Int) -> ColumnVector {
        let columns = operands.map { $0.vector(count: count) }
        if columns.count == 1, let result = byDictionary(function, columns[0], type: type) { return result }
        var builder = ColumnBuilder(type)
        for row in 0..<count {
            let values = columns.map { $0[row] }
            builder.append(values.contains(.null) ? .null : value(function, values))
        }
        return builder.finish()
    }

    private static func byDictionary(
        _ function: ScalarFunction, _ column: ColumnVector, type: DataType
    ) -> ColumnVector? {
        guard case .string(.dictionary(let codes, let dictionary)) = column.storage, dictionary.count < codes.count
        else {
            return nil
        }
        var entries = ColumnBuilder(type)
        for code in 0..<Int32(dictionary.count) { entries.append(value(function, [.string(dictionary[code])])) }
        var result = entries.finish().gathered(codes)
        result.validity = column.validity
        return result
    }

    /// The function of one row's values, none of them null.
    private static func value(_ function: ScalarFunction, _ values: [Value]) -> Value {
        let texts = values.map { if case .string(let text) = $0 { text } else { "" } }
        switch function {
        case .upper: return .string(texts[0].uppercased())
        case .lower: return .string(texts[0].lowercased())
        case .length: return .long(Int64(texts[0].unicodeScalars.count))
        case .trim: return .string(trimmed(texts[0], start: true, end: true))
        case .ltrim: return .string(trimmed(texts[0], start: true, end: false))
        case .rtrim: return .string(trimmed(texts[0], start: false, end: true))
        case .substring:
            let length = values.count > 2 ? values[2].integer ?? 0 : Int64(Int32.max)
            return .string(substring(texts[0], position: values[1].integer ?? 0, length: length))
        case .concat: return .string(texts.joined())
        case .like: return .boolean(LikePattern(texts[1]).matches(texts[0]))
        case .startswith: return .boolean(texts[0].utf8.starts(with: texts[1].utf8))
        case .endswith: return .boolean(texts[0].utf8.reversed().starts(with: texts[1].utf8.reversed()))
        case .contains: return .boolean(contains(Array(texts[0].utf8), Array(texts[1].utf8)))
        default: preconditionFailure("\(function) is no text function")
        }
    }

    private static func trimmed(_ text: String, start: Bool, end: Bool) -> String {
        var scalars = Substring(text).unicodeScalars
        if start { while scalars.first == " " { scalars.removeFirst() } }
        if end { while scalars.last == " " { scalars.removeLast() } }
        return String(scalars)
    }

    private static func substring(_ text: String, position: Int64, length: Int64) -> String {
        let scalars = Array(text.unicodeScalars)
        let count = Int64(scalars.count)
        let start = position > 0 ? position - 1 : position < 0 ? count + position : 0
        guard length > 0, start < count else { return "" }
        let end = min(start.addingReportingOverflow(length).overflow ? Int64.max : start + length, count)
        guard end > max(start, 0) else { return "" }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[Int(max(start, 0))..<Int(end)])
        return String(view)
    }

    private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        if part.isEmpty { return true }
        guard text.count >= part.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0..<($0 + part.count)].elementsEqual(part) }
    }
}

/// A `LIKE` pattern: `%` matches any text, `_` one character, `\` makes the next one literal.
struct LikePattern {
    private enum Item: Equatable {
        case any
        case one
        case literal(Unicode.Scalar)
    }
    private let items: [Item]

    init(_ pattern: String) {
        var items: [Item] = []
        var isEscaped = false
        for scalar in pattern.unicodeScalars {
            if isEscaped {
                items.append(.literal(scalar))
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else if scalar == "%" {
                if items.last != .any { items.append(.any) }
            } else {
                items.append(scalar == "_" ? .one : .literal(scalar))
            }
        }
        self.items = items
    }

    /// Whether the whole text matches. Goes back to the last `%` only, so it takes at most text times pattern steps.
    func matches(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var at = 0
        var item = 0
        var lastAny: (item: Int, at: Int)?
        while at < scalars.count {
            if item < items.count, items[item] == .any {
                lastAny = (item, at)
                item += 1
            } else if item < items.count, items[item] == .one || items[item] == .literal(scalars[at]) {
                item += 1
                at += 1
            } else if let last = lastAny {
                lastAny = (last.item, last.at + 1)
                item = last.item + 1
                at = last.at + 1
            } else {
                return false
            }
        }
        while item < items.count, items[item] == .any { item += 1 }
        return item == items.count
    }
}
