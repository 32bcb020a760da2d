package import Monitoring

extension YAMLDocument {
    /// A length of time.
    package mutating func duration(_ value: Value, _ what: String) -> Duration? {
        guard let text = text(value, what) else { return nil }
        if let seconds = text == "0" ? 0 : AlertNumber.duration(text) {
            return .milliseconds(Int64((seconds * 1000).rounded()))
        }
        report("\(what) must be a duration such as 30s, 5m or 1h30m, not \(text.prefix(40))", at: value)
        return nil
    }

    /// A list of conditions on labels.
    package mutating func matchers(_ value: Value, _ what: String) -> [LabelMatcher] {
        list(value, what).compactMap { value -> LabelMatcher? in
            guard let text = text(value, what) else { return nil }
            do throws(AlertExpressionError) {
                return try LabelMatcher(parsing: text)
            } catch {
                let place = place(in: value, line: error.line, column: error.column)
                report(error.message, line: place.line, column: place.column)
                return nil
            }
        }
    }

    /// Yes or no.
    package mutating func truth(_ value: Value, _ what: String) -> Bool? {
        guard let text = text(value, what) else { return nil }
        if let truth = ["true": true, "false": false][text] { return truth }
        report("\(what) must be true or false, not \(text.prefix(40))", at: value)
        return nil
    }
}
