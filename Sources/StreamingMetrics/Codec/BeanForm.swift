// The form in which Spark's own classes are serialised as beans: event logs, and `recentProgress` over Spark Connect.
// It has no totals, offsets are strings that hold JSON, and observed rows come as values beside their schema.

extension JSONReader {
    /// Checks a progress that has been read, and turns one in bean form into the canonical form; says whether it was one.
    func completeProgress(_ fields: inout EventFields) throws(JSONFault) -> Bool {
        let seen = fields.seen
        let isBean = !seen.contains(EventField.numInputRows)
        if isBean {
            // An offset stands three levels deep, and must be readable there once it is written.
            let limits = MetricsCodec.Limits(maximumBytes: .max, maximumDepth: maximumDepth - 3)
            for index in fields.progress.sources.indices { fields.progress.sources[index].parseOffsets(limits) }
            fields.progress.observedMetrics.parseRows()
            try fields.sumRows()
            if !seen.contains(EventField.inputRowsPerSecond), !seen.contains(EventField.processedRowsPerSecond) {
                fields.sumRates()
            }
        }
        fields.progress.rateNotation = fields.needsJavaNotation ? .javaDouble : .oneDecimal
        return isBean
    }
}

extension EventFields {
    fileprivate mutating func sumRows() throws(JSONFault) {
        var rows: Int64 = 0
        for source in progress.sources {
            let (sum, overflow) = rows.addingReportingOverflow(source.numInputRows)
            guard !overflow else { throw JSONFault(.invalidValue, start, "the sources' rows exceed 64 bits") }
            rows = sum
        }
        progress.numInputRows = rows
    }

    /// Sums the rates as Spark does: one that is undefined makes the total undefined.
    fileprivate mutating func sumRates() {
        progress.inputRowsPerSecond = sum(\.inputRowsPerSecond)
        progress.processedRowsPerSecond = sum(\.processedRowsPerSecond)
    }

    private mutating func sum(_ rate: KeyPath<SourceProgress, Double?>) -> Double? {
        var total = 0.0
        for source in progress.sources {
            guard let value = source[keyPath: rate] else { return nil }
            total += value
        }
        guard total.isFinite else { return nil }
        if !RateNotation.areAlike(total) { needsJavaNotation = true }
        return total
    }
}

extension SourceProgress {
    fileprivate mutating func parseOffsets(_ limits: MetricsCodec.Limits) {
        startOffset = startOffset.parsedOffset(limits)
        endOffset = endOffset.parsedOffset(limits)
        latestOffset = latestOffset?.parsedOffset(limits)
    }
}

extension JSONValue {
    /// The JSON that a string holds; a string that holds other text, and every other value, stays as it is.
    fileprivate func parsedOffset(_ limits: MetricsCodec.Limits) -> JSONValue {
        guard let text = string, let parsed = try? JSONValue(parsing: text, limits: limits) else { return self }
        // A bare NaN would come back as a string: then the text was no JSON and stays itself.
        if parsed.jsonText.utf8.first == UInt8(ascii: "\""), text.utf8.first != UInt8(ascii: "\"") { return self }
        return parsed
    }

    /// An object of column to value for a row in the form `{"values":[…],"schema":{…}}`, also deep inside; other values
    /// stay as they are.
    fileprivate var parsedRow: JSONValue {
        switch node {
        case .array(let elements): return .array(elements.map(\.parsedRow))
        case .object(let members):
            if let row = JSONValue.row(members) { return row }
            return .object(members.map { Member($0.key, $0.value.parsedRow) })
        default: return self
        }
    }

    private static func row(_ members: [Member]) -> JSONValue? {
        guard members.count == 2, members[0].key == "values", members[1].key == "schema",
            let values = members[0].value.elements, let fields = members[1].value["fields"]?.elements,
            values.count == fields.count
        else { return nil }
        var columns: [Member] = []
        for (value, field) in zip(values, fields) {
            guard let name = field["name"]?.string else { return nil }
            columns.append(Member(name, value.parsedRow))
        }
        return .object(columns)
    }
}

extension MetricMap where Value == JSONValue {
    fileprivate mutating func parseRows() {
        let parsed = pairs.map { Pair(key: $0.key, value: $0.value.parsedRow) }
        self = MetricMap(pairs: parsed, isKnownSorted: isKnownSorted)
    }
}
