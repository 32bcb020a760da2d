/// Puts alerts together into notices: who is told what, and when.
///
/// A group's first notice waits ``AlertGrouping/wait`` for company, the next ones ``AlertGrouping/interval`` after the one before. Where an
/// alert has begun to fire of which nobody has heard, it is ``AlertGrouping/wait`` again, ``AlertGrouping/burst`` times in a row.
///
/// An alert is told as firing once and as resolved once; one that has fired and resolved between two notices is told as resolved. What
/// a silence covers or another alert holds back is not told, except that the end of what was told is.
struct AlertNotifier: Sendable {
    /// A group of alerts that were told of, or wait for it.
    struct Group: Sendable, Hashable, Codable {
        var key: String
        /// How long ago the last notice was; nil before the first.
        var sinceNotice: Int64?
        /// How long there has been news; nil while there is none.
        var sinceNews: Int64?
        /// How long there has been an alert of which nobody has heard; nil while there is none.
        var sinceUnheard: Int64?
        /// Notices that were made.
        var notices = 0
        /// Those among them that did not wait for the interval and are not made up for; nil is none.
        var early: Int?
        /// How long ago the oldest of them was, or one was made up for.
        var sinceEarly: Int64?

        /// Time has gone by: each interval makes up for one.
        mutating func regain(_ elapsed: Int64, _ grouping: AlertGrouping) {
            guard let spent = early, let since = sinceEarly else { return }
            let interval = max(1, grouping.interval.nonNegativeMilliseconds)
            let regained = min(Int64(spent), (since + elapsed) / interval)
            early = spent - Int(regained) > 0 ? spent - Int(regained) : nil
            sinceEarly = early == nil ? nil : since + elapsed - regained * interval
        }
    }

    private(set) var groups: [String: Group] = [:]

    init(groups: [Group]) { self.groups = Dictionary(groups.map { ($0.key, $0) }) { first, _ in first } }

    /// The labels of an alert that make its group.
    static func groupLabels(_ record: AlertRecord, _ grouping: AlertGrouping) -> [MetricLabel] {
        record.labels.filter { grouping.labels.contains($0.name) }
    }

    static func key(_ labels: [MetricLabel]) -> String {
        "{\(labels.map { LabelMatcher($0.name, equals: $0.value).text }.joined(separator: ", "))}"
    }

    /// Says that time has gone by, and which groups have news; returns those whose notice is due.
    mutating func due(
        _ news: Set<String>, unheard: Set<String>, firing: Set<String>, _ elapsed: Int64, _ grouping: AlertGrouping
    ) -> [(key: String, isRepeated: Bool)] {
        for key in groups.keys {
            groups[key]?.sinceNotice? += elapsed
            groups[key]?.sinceNews? += elapsed
            groups[key]?.sinceUnheard? += elapsed
            groups[key]?.regain(elapsed, grouping)
            if !news.contains(key) { groups[key]?.sinceNews = nil }
            if !unheard.contains(key) { groups[key]?.sinceUnheard = nil }
        }
        for key in news {
            var group = groups[key] ?? Group(key: key)
            if group.sinceNews == nil { group.sinceNews = 0 }
            if unheard.contains(key), group.sinceUnheard == nil { group.sinceUnheard = 0 }
            groups[key] = group
        }
        var due: [(key: String, isRepeated: Bool)] = []
        for (key, group) in groups {
            if isDue(group, grouping) {
                due.append((key, false))
            } else if firing.contains(key), group.sinceNews == nil, let since = group.sinceNotice,
                let interval = grouping.repeatInterval, since >= interval.nonNegativeMilliseconds
            {
                due.append((key, true))
            } else if !news.contains(key), !firing.contains(key), group.early == nil,
                (group.sinceNotice ?? .max) >= grouping.interval.nonNegativeMilliseconds
            {
                groups[key] = nil
            }
        }
        return due.sorted { $0.key < $1.key }
    }

    private func isDue(_ group: Group, _ grouping: AlertGrouping) -> Bool {
        let (wait, since) = (grouping.wait.nonNegativeMilliseconds, group.sinceNotice ?? .max)
        if since >= grouping.interval.nonNegativeMilliseconds { return group.sinceNews.map { $0 >= wait } ?? false }
        guard let unheard = group.sinceUnheard, unheard >= wait else { return false }
        return since >= wait && group.early ?? 0 < grouping.burst
    }

    /// Notes that a group's notice is made, and returns its number.
    mutating func noteNotice(of key: String, _ grouping: AlertGrouping) -> Int {
        guard var group = groups[key] else { return 0 }
        if let since = group.sinceNotice, since < grouping.interval.nonNegativeMilliseconds {
            group.early = (group.early ?? 0) + 1
            group.sinceEarly = group.sinceEarly ?? 0
        }
        group.sinceNotice = 0
        (group.sinceNews, group.sinceUnheard) = (nil, nil)
        group.notices += 1
        groups[key] = group
        return group.notices
    }
}

extension AlertEvaluator {
    /// A silence that holds from now on, besides those of the rules file.
    public mutating func addSilence(_ silence: AlertSilence) {
        rules.silences.append(silence)
    }

    /// Says which alerts are suppressed, and makes the notices that are due.
    mutating func notify(at now: MonitorTime, _ elapsed: Int64) -> [AlertNotification] {
        suppress(at: now)
        if isReplaying { return forgetUntold() }
        var members: [String: [(rule: Int, key: [MetricLabel])]] = [:]
        var news: Set<String> = []
        var unheard: Set<String> = []
        var firing: Set<String> = []
        for rule in states.indices {
            for (labels, record) in states[rule].records where Self.concerns(record) {
                let key = AlertNotifier.key(AlertNotifier.groupLabels(record, rules.grouping))
                members[key, default: []].append((rule, labels))
                if Self.isNews(record) {
                    news.insert(key)
                    if record.alert.state == .firing, record.told == .nothing { unheard.insert(key) }
                }
                if record.alert.state == .firing, record.told == .firing { firing.insert(key) }
            }
        }
        for record in orphans where record.told == .firing {
            let key = AlertNotifier.key(AlertNotifier.groupLabels(record, rules.grouping))
            news.insert(key)
            if members[key] == nil { members[key] = [] }
        }
        return notifier.due(news, unheard: unheard, firing: firing, elapsed, rules.grouping).compactMap { due in
            notice(due.key, members[due.key] ?? [], isRepeated: due.isRepeated, now)
        }
    }

    /// What has come and gone in old events is not told later.
    private mutating func forgetUntold() -> [AlertNotification] {
        for rule in states.indices {
            for (key, record) in states[rule].records where record.alert.state == .resolved && record.told == .nothing {
                states[rule].records[key]?.told = .resolved
            }
        }
        return []
    }

    private static func concerns(_ record: AlertRecord) -> Bool {
        record.told == .firing || isNews(record) || isTold(record)
    }

    private static func isTold(_ record: AlertRecord) -> Bool {
        record.alert.state == .firing && record.alert.suppression == nil
    }

    /// Whether there is something to say that was not said.
    private static func isNews(_ record: AlertRecord) -> Bool {
        switch record.alert.state {
        case .firing: record.told != .firing && record.alert.suppression == nil
        case .pending: record.told == .firing
        case .resolved: record.told == .firing || (record.told == .nothing && record.alert.suppression == nil)
        }
    }

    private mutating func notice(
        _ key: String, _ members: [(rule: Int, key: [MetricLabel])], isRepeated: Bool, _ now: MonitorTime
    ) -> AlertNotification? {
        var alerts: [Alert] = []
        var news: [String] = []
        var groupLabels: [MetricLabel] = []
        func add(_ record: inout AlertRecord) {
            groupLabels = AlertNotifier.groupLabels(record, rules.grouping)
            let isNew = Self.isNews(record)
            guard isNew || Self.isTold(record) else { return }
            var alert = record.alert
            // Pending again, and not told that it had ended.
            if alert.state == .pending { alert.state = .resolved }
            alerts.append(alert)
            if isNew { news.append(alert.fingerprint) }
            record.told = alert.state == .firing ? .firing : .resolved
        }
        for member in members {
            guard var record = states[member.rule].records[member.key] else { continue }
            add(&record)
            states[member.rule].records[member.key] = record
        }
        for index in orphans.indices
        where AlertNotifier.key(AlertNotifier.groupLabels(orphans[index], rules.grouping)) == key {
            var record = orphans[index]
            add(&record)
            orphans[index] = record
        }
        let number = notifier.noteNotice(of: key, rules.grouping)
        guard !alerts.isEmpty else { return nil }
        alerts.sort { ($0.activeAt, $0.fingerprint) < ($1.activeAt, $1.fingerprint) }
        let identity = [MetricLabel("group", key), MetricLabel("notice", "\(number) \(now.millisecondsSinceEpoch)")]
        return AlertNotification(
            key: AlertFingerprint.of(identity), group: key, at: now, bestBefore: now + rules.grouping.bestBefore,
            isRepeated: isRepeated,
            groupLabels: Dictionary(groupLabels.map { ($0.name, $0.value) }) { first, _ in first }, alerts: alerts,
            news: news.sorted())
    }

    // MARK: Suppressing

    private mutating func suppress(at now: MonitorTime) {
        let firing = states.contains { $0.records.values.contains { $0.alert.state == .firing } }
        guard firing || !rules.silences.isEmpty else { return }
        let sources = rules.inhibitions.map { inhibitors($0) }
        for rule in states.indices {
            for (key, record) in states[rule].records where record.alert.state == .firing {
                let reason = suppression(of: record, sources, now)
                states[rule].records[key]?.alert.suppression = reason
            }
        }
    }

    /// The values of the labels that must be equal, of all alerts that hold others back.
    private func inhibitors(_ inhibition: AlertInhibition) -> Set<[String]> {
        var keys: Set<[String]> = []
        for state in states {
            for record in state.records.values where record.alert.state == .firing {
                if inhibition.source.allSatisfy({ $0.accepts(record.labels) }) {
                    keys.insert(Self.values(record.labels, inhibition.equal))
                }
            }
        }
        return keys
    }

    private func suppression(
        of record: AlertRecord, _ sources: [Set<[String]>], _ now: MonitorTime
    ) -> Alert.Suppression? {
        if rules.silences.contains(where: { $0.covers(record.labels, at: now) }) { return .silenced }
        for (inhibition, source) in zip(rules.inhibitions, sources) where !source.isEmpty {
            guard inhibition.target.allSatisfy({ $0.accepts(record.labels) }),
                // One that could hold back itself does not.
                !inhibition.source.allSatisfy({ $0.accepts(record.labels) })
            else { continue }
            if source.contains(Self.values(record.labels, inhibition.equal)) { return .inhibited }
        }
        return nil
    }

    private static func values(_ labels: [MetricLabel], _ names: [String]) -> [String] {
        names.map { name in labels.first { $0.name == name }?.value ?? "" }
    }
}
