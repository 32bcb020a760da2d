import FoundationEssentials

/// Which queries and feeds there are at a moment; found out when it is asked for.
struct SeriesPresence {
    private let input: AlertInput
    private var ids: Set<String>?
    private var feeds: Set<String>?
    private var reasons: [String: String]?

    init(_ input: AlertInput) { self.input = input }

    /// Whether a feed cannot deliver, so that what is missing may be there all the same.
    var isBlind: Bool { input.feeds.contains { !$0.isUp } }

    /// Whether the query or feed that labels name is there; nil where they name none.
    mutating func hasSubject(of labels: [MetricLabel]) -> Bool? {
        if let id = labels.first(where: { $0.name == "id" })?.value {
            let known =
                ids ?? Set(input.queries.map { $0.id.uuidString.lowercased() }).union(values(of: "id"))
            ids = known
            return known.contains(id)
        }
        guard let feed = labels.first(where: { $0.name == "feed" })?.value else { return nil }
        let known = feeds ?? Set(input.feeds.map(\.name)).union(values(of: "feed"))
        feeds = known
        return known.contains(feed)
    }

    /// Why the query that labels name is in its state.
    mutating func stateReason(of labels: [MetricLabel]) -> String? {
        guard let id = labels.first(where: { $0.name == "id" })?.value else { return nil }
        let known =
            reasons
            ?? Dictionary(
                input.queries.map { ($0.id.uuidString.lowercased(), "\($0.state.rawValue): \($0.stateReason)") }
            ) { first, _ in first }
        reasons = known
        return known[id]
    }

    private func values(of label: String) -> [String] {
        input.series.compactMap { $0.labels.first { $0.name == label }?.value }
    }
}

extension AlertEvaluator {
    /// What an expression found.
    private struct Finding {
        var series: [MetricLabel]
        var value: Double?
        /// Whether it counts at once.
        var isMissingData = false
    }

    /// Judges one rule: what it found, and what it found before and no longer does.
    mutating func judge(_ index: Int, _ input: AlertInput, _ presence: inout SeriesPresence) {
        let found: [[MetricLabel]: Finding]
        var kept: Set<[MetricLabel]> = []
        do throws(ExpressionEvaluator.Failure) {
            found = try findings(index)
            // Always, so that its windows see each moment.
            if let keep = states[index].keep { kept = Set(try engine.evaluate(keep).map(\.labels)) }
            states[index].error = nil
        } catch {
            states[index].error = error.message
            return
        }
        let elapsed = states[index].waited
        for (labels, finding) in found { take(finding, labels, index, input.at, elapsed, &presence) }
        for (labels, record) in states[index].records where record.isActive && found[labels] == nil {
            let next = lose(
                record, index, isKept: kept.contains(record.series), hasData: hasData(record, index, &presence),
                isBlind: presence.isBlind, input.at, elapsed)
            states[index].records[labels] = next
        }
    }

    private mutating func hasData(_ record: AlertRecord, _ index: Int, _ presence: inout SeriesPresence) -> Bool {
        presence.hasSubject(of: record.series) ?? engine.hasData(states[index].expression)
    }

    private mutating func findings(_ index: Int) throws(ExpressionEvaluator.Failure) -> [[MetricLabel]: Finding] {
        let results = try engine.evaluate(states[index].expression)
        let state = states[index]
        if state.limit > 0, results.count > state.limit {
            throw ExpressionEvaluator.Failure(
                message: "\(results.count) alerts, and the group's limit is \(state.limit)")
        }
        var found: [[MetricLabel]: Finding] = [:]
        found.reserveCapacity(results.count)
        for result in results where !result.value.isNaN {
            let labels = Self.labels(of: state, result.labels, result.value)
            if found.updateValue(Finding(series: result.labels, value: result.value), forKey: labels) != nil {
                throw ExpressionEvaluator.Failure(message: "two series give alerts with the same labels")
            }
        }
        if state.rule.noData == .alert { addMissing(index, results.isEmpty, &found) }
        return found
    }

    private mutating func addMissing(_ index: Int, _ isEmpty: Bool, _ found: inout [[MetricLabel]: Finding]) {
        guard isEmpty, !engine.hasData(states[index].expression) else { return states[index].missing = 0 }
        if states[index].isJudged { states[index].missing += states[index].waited }
        guard states[index].missing >= states[index].rule.noDataFor.nonNegativeMilliseconds else { return }
        let series = [MetricLabel("no_data", "true")]
        found[Self.labels(of: states[index], series, 0)] = Finding(series: series, value: nil, isMissingData: true)
    }

    private static func labels(of state: RuleState, _ series: [MetricLabel], _ value: Double) -> [MetricLabel] {
        let own =
            state.constantLabels
            ?? ([MetricLabel("alertname", state.rule.name)]
            + state.rule.labels.map { MetricLabel($0.name, $0.value.expanded(labels: series, value: value)) })
            .normalized
        // Both are in order: what the rule says comes before what the series says.
        var labels: [MetricLabel] = []
        labels.reserveCapacity(own.count + series.count)
        var rest = own[...]
        for label in series {
            while let next = rest.first, next.name < label.name { labels.append(rest.removeFirst()) }
            if rest.first?.name == label.name { labels.append(rest.removeFirst()) } else { labels.append(label) }
        }
        return labels + rest
    }

    // MARK: Found

    private mutating func take(
        _ finding: Finding, _ labels: [MetricLabel], _ index: Int, _ now: MonitorTime, _ elapsed: Int64,
        _ presence: inout SeriesPresence
    ) {
        let rule = states[index].rule
        var record = states[index].records[labels]
        if record == nil || record?.alert.state == .resolved {
            record = begin(finding, labels, rule, now, told: record?.told ?? .nothing)
        } else if record?.alert.state == .pending {
            record?.heldMilliseconds += elapsed
        }
        guard var record else { return }
        // Half a window may say so now and not in a moment.
        record.isRestored = record.isRestored && !hasFullWindows(index)
        (record.clearMilliseconds, record.missingMilliseconds) = (nil, nil)
        record.alert.value = finding.value?.ifFinite
        record.renderedMilliseconds += elapsed
        let hold = finding.isMissingData ? 0 : rule.holdFor.nonNegativeMilliseconds
        if record.alert.state == .pending, record.heldMilliseconds >= hold,
            steady >= rule.startupGrace.nonNegativeMilliseconds
        {
            record.alert.state = .firing
            record.alert.firedAt = now
            record.alert.resolvedAt = nil
            record.alert.reason = Self.firingReason(finding.value, hold)
            render(&record, rule, &presence)
            changes.append(record.alert)
        } else if record.alert.state == .pending, record.alert.activeAt == now, record.heldMilliseconds == 0 {
            render(&record, rule, &presence)
            changes.append(record.alert)
        } else if record.renderedMilliseconds >= settings.textAge.nonNegativeMilliseconds {
            render(&record, rule, &presence)
        }
        states[index].records[labels] = record
    }

    private func begin(
        _ finding: Finding, _ labels: [MetricLabel], _ rule: AlertRule, _ now: MonitorTime, told: AlertRecord.Told
    ) -> AlertRecord {
        let names = Dictionary(labels.map { ($0.name, $0.value) }) { first, _ in first }
        let hold = Figures.duration(milliseconds: rule.holdFor.nonNegativeMilliseconds)
        let alert = Alert(
            fingerprint: AlertFingerprint.of(labels), name: rule.name, state: .pending, labels: names, annotations: [:],
            value: finding.value?.ifFinite, activeAt: now, reason: "the expression holds, and must for \(hold)")
        // Told as firing and back before its end was told: nobody has to hear of either.
        return AlertRecord(
            alert: alert, series: finding.series, labels: labels, told: told == .firing ? .firing : .nothing)
    }

    private static func firingReason(_ value: Double?, _ hold: Int64) -> String {
        guard let value else { return "no data" }
        let length = hold > 0 ? " for \(Figures.duration(milliseconds: hold))" : ""
        return "the expression has held\(length), its value is \(Figures.number(value))"
    }

    private func render(_ record: inout AlertRecord, _ rule: AlertRule, _ presence: inout SeriesPresence) {
        record.renderedMilliseconds = 0
        var texts: [String: String] = [:]
        for annotation in rule.annotations {
            texts[annotation.name] = annotation.value.expanded(labels: record.series, value: record.alert.value)
        }
        if texts["state_reason"] == nil { texts["state_reason"] = presence.stateReason(of: record.series) }
        record.alert.annotations = texts
    }

    // MARK: Lost

    /// What becomes of an alert that its rule has not found; nil: nothing is left of it.
    private mutating func lose(
        _ old: AlertRecord, _ index: Int, isKept: Bool, hasData: Bool, isBlind: Bool, _ now: MonitorTime,
        _ elapsed: Int64
    ) -> AlertRecord? {
        let rule = states[index].rule
        var record = old
        if hasData {
            record.missingMilliseconds = nil
            if record.isRestored, !isSettled(record, index) { return record }
            record.isRestored = false
        } else if record.isRestored, isBlind {
            return record
        } else if let stays = stay(&record, rule, elapsed) {
            if stays { return record }
            return end(record, "no data for \(Figures.duration(milliseconds: record.missingMilliseconds ?? 0))", now)
        }
        guard record.alert.state == .firing else {
            return end(record, "the expression no longer holds", now)
        }
        if isKept {
            record.clearMilliseconds = nil
            return record
        }
        let clear = record.clearMilliseconds.map { $0 + elapsed } ?? 0
        record.clearMilliseconds = clear
        let keep = rule.keepFiringFor.nonNegativeMilliseconds
        guard clear >= keep else { return record }
        let length = keep > 0 ? " and has not for \(Figures.duration(milliseconds: clear))" : ""
        return end(record, hasData ? "the expression no longer holds\(length)" : "its series is gone", now)
    }

    /// Whether enough was seen since the beginning to say that an alert from before it is over: what the rule looks back on, and of the
    /// query so much that its state is judged by what it does now and not by where the reading of old events has ended.
    private func isSettled(_ record: AlertRecord, _ index: Int) -> Bool {
        hasFullWindows(index)
            && begun.isSettled(
                record.series, judgesState: states[index].rule.judgesState,
                grace: settings.restoreGrace.nonNegativeMilliseconds)
    }

    private func hasFullWindows(_ index: Int) -> Bool {
        engine.hasFullWindows(states[index].expression)
            && (states[index].keep.map { engine.hasFullWindows($0) } ?? true)
    }

    /// Whether an alert without data stays; nil where that counts as the expression not holding.
    private func stay(_ record: inout AlertRecord, _ rule: AlertRule, _ elapsed: Int64) -> Bool? {
        let missing = record.missingMilliseconds.map { $0 + elapsed } ?? 0
        record.missingMilliseconds = missing
        let grace = record.isRestored ? settings.restoreGrace.nonNegativeMilliseconds : 0
        if rule.noData == .resolve { return missing < grace ? true : nil }
        return missing < max(grace, rule.noDataFor.nonNegativeMilliseconds)
    }

    private mutating func end(_ old: AlertRecord, _ reason: String, _ now: MonitorTime) -> AlertRecord? {
        var record = old
        let hasFired = record.alert.state == .firing
        record.alert.state = .resolved
        record.alert.resolvedAt = now
        record.alert.reason = reason
        record.resolvedMilliseconds = 0
        changes.append(record.alert)
        return hasFired || record.told == .firing ? record : nil
    }
}
