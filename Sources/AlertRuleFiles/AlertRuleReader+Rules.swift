import Monitoring

extension AlertRuleReader {
    private static let ruleKeys = [
        "alert", "expr", "for", "keep_firing_for", "labels", "annotations", "keep_expr", "no_data", "no_data_for",
        "startup_grace", "reason",
    ]

    /// One rule; nil and problems where it cannot be used.
    mutating func rule(_ value: YAMLDocument.Value) -> AlertRule? {
        guard let entries = document.entries(value, "a rule") else { return nil }
        if let record = entries.first(where: { $0.key == "record" }) {
            document.report(
                "recording rules are not understood; write what it records into the expression", at: record.place)
            return nil
        }
        guard let fields = document.fields(value, "a rule", keys: Self.ruleKeys) else { return nil }
        guard let nameValue = fields["alert"], let expressionValue = fields["expr"] else {
            document.report("a rule needs \(fields["alert"] == nil ? "alert" : "expr")", at: value)
            return nil
        }
        let name = document.text(nameValue, "alert")
        if name == "" { document.report("a rule's name must not be empty", at: nameValue) }
        let expression = expression(expressionValue, "expr")
        let keep = fields["keep_expr"].flatMap { self.expression($0, "keep_expr") }
        if let keep, let expression, keep.labelNames != expression.labelNames, let value = fields["keep_expr"] {
            document.report(
                "keep_expr must have the labels of expr: \(Self.list(expression.labelNames)), not \(Self.list(keep.labelNames))",
                at: value)
        }
        let known = expression?.labelNames
        let labels = fields["labels"].map { texts($0, "labels", known) } ?? []
        let annotations = fields["annotations"].map { texts($0, "annotations", known) } ?? []
        var rule = expression.map { AlertRule(name: name ?? "", expression: $0) }
        rule?.keepExpression = keep
        rule?.labels = labels
        rule?.annotations = annotations
        if let time = fields["for"].flatMap({ duration($0, "for") }) { rule?.holdFor = time }
        if let time = fields["keep_firing_for"].flatMap({ duration($0, "keep_firing_for") }) {
            rule?.keepFiringFor = time
        }
        if let time = fields["startup_grace"].flatMap({ duration($0, "startup_grace") }) { rule?.startupGrace = time }
        rule?.reason = fields["reason"].flatMap { document.text($0, "reason") }?.joinedLines
        readNoData(fields, &rule)
        return name == nil ? nil : rule
    }

    private static func list(_ names: Set<String>) -> String {
        names.isEmpty ? "none" : names.sorted().joined(separator: ", ")
    }

    private mutating func readNoData(_ fields: [String: YAMLDocument.Value], _ rule: inout AlertRule?) {
        if let value = fields["no_data"], let text = document.text(value, "no_data") {
            if let policy = AlertRule.NoDataPolicy(rawValue: text) {
                rule?.noData = policy
            } else {
                document.report("no_data must be resolve, keep or alert, not \(text.prefix(40))", at: value)
            }
        }
        if let value = fields["no_data_for"], let time = duration(value, "no_data_for") {
            rule?.noDataFor = time
            if fields["no_data"] == nil {
                document.report("no_data_for says nothing without no_data: keep or no_data: alert", at: value)
            }
        }
    }

    private mutating func expression(_ value: YAMLDocument.Value, _ what: String) -> AlertExpression? {
        guard let text = document.text(value, what) else { return nil }
        do {
            return try AlertExpression(text.trimmedEnd, vocabulary: vocabulary)
        } catch {
            let place = document.place(in: value, line: error.line, column: error.column)
            let inside = place.isExact ? "" : " (line \(error.line), column \(error.column) of the expression)"
            document.report("\(what): \(error.message)\(inside)", line: place.line, column: place.column)
            return nil
        }
    }

    private mutating func texts(
        _ value: YAMLDocument.Value, _ what: String, _ known: Set<String>?
    ) -> [AlertLabel] {
        guard let entries = document.entries(value, what) else { return [] }
        return entries.compactMap { key, place, value -> AlertLabel? in
            let letters = key.utf8.allSatisfy {
                Self.isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
            guard letters, key.utf8.first.map(Self.isLetter) == true, key != "__name__" else {
                document.report("\(key.prefix(40)) is no name: letters, digits and _ only", at: place)
                return nil
            }
            if what == "labels", key == "alertname" {
                document.report("alertname is the rule's name and cannot be set", at: place)
                return nil
            }
            guard let text = document.text(value, key) else { return nil }
            do throws(AlertTemplate.Malformed) {
                let template = try AlertTemplate(text)
                for label in template.shownLabels where known.map({ !$0.contains(label) }) ?? false {
                    let names = (known ?? []).sorted()
                    let hint = WordDistance.nearest(label, names).map { "did you mean \($0)?" }
                    document.report(
                        "\(key): the expression's series have no label \(label); \(hint ?? "they have \(Self.list(known ?? []))")",
                        at: value)
                }
                return AlertLabel(key, template)
            } catch {
                document.report("\(key): \(error.message)", at: value)
                return nil
            }
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }
}

extension String {
    /// Without the line ends that a YAML block leaves.
    var trimmedEnd: String {
        var rest = self[...]
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }

    /// In one line.
    var joinedLines: String {
        split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }.joined(separator: " ").trimmedEnd
    }
}
