/// One alert: what a rule found in one series.
public struct Alert: Sendable, Hashable, Codable {
    /// How far it is.
    public enum State: String, Sendable, Hashable, Codable {
        /// The expression holds, not yet for long enough.
        case pending
        /// It stands.
        case firing
        /// It is over; one that never fired is not kept.
        case resolved
    }

    /// Why nobody is told of one that fires.
    public enum Suppression: String, Sendable, Hashable, Codable {
        /// A silence covers it.
        case silenced
        /// Another alert holds it back.
        case inhibited
    }

    /// The same for the same labels, always: that of Prometheus and Alertmanager, 16 digits.
    public var fingerprint: String
    /// The rule's name.
    public var name: String
    /// How far it is.
    public var state: State
    /// Labels of the series and of the rule, and `alertname`.
    public var labels: [String: String]
    /// Texts for people.
    public var annotations: [String: String]
    /// The expression's value, the last while it held; nil where an alert is about missing data.
    public var value: Double?
    /// Since when the expression has held.
    public var activeAt: MonitorTime
    /// Since when it has fired.
    public var firedAt: MonitorTime?
    /// When it was over.
    public var resolvedAt: MonitorTime?
    /// Why it is in this state, in words and numbers.
    public var reason: String
    /// Why nobody is told; nil: notices go out.
    public var suppression: Suppression?

    /// Describes an alert; its fingerprint comes of its labels.
    public init(
        name: String, state: State, labels: [String: String], annotations: [String: String] = [:], value: Double? = nil,
        activeAt: MonitorTime, firedAt: MonitorTime? = nil, resolvedAt: MonitorTime? = nil, reason: String = ""
    ) {
        let labels = labels.merging(["alertname": name]) { $1 }
        self.init(
            fingerprint: AlertFingerprint.of(labels.sorted { $0.key < $1.key }.map { MetricLabel($0.key, $0.value) }),
            name: name, state: state, labels: labels, annotations: annotations, value: value, activeAt: activeAt,
            firedAt: firedAt, resolvedAt: resolvedAt, reason: reason)
    }

    init(
        fingerprint: String, name: String, state: State, labels: [String: String], annotations: [String: String],
        value: Double?, activeAt: MonitorTime, firedAt: MonitorTime? = nil, resolvedAt: MonitorTime? = nil,
        reason: String,
        suppression: Suppression? = nil
    ) {
        self.fingerprint = fingerprint
        self.name = name
        self.state = state
        self.labels = labels
        self.annotations = annotations
        self.value = value
        self.activeAt = activeAt
        self.firedAt = firedAt
        self.resolvedAt = resolvedAt
        self.reason = reason
        self.suppression = suppression
    }
}

/// Notices of a group of alerts, for the channels.
public struct AlertNotification: Sendable, Hashable, Codable {
    /// The same for each notice, however often it is delivered, and another one for each notice.
    public var key: String
    /// The group that it is about.
    public var group: String
    /// When it was made.
    public var at: MonitorTime
    /// After this it is not worth delivering.
    public var bestBefore: MonitorTime
    /// Firing while at least one alert of the group fires.
    public var status: Alert.State
    /// Whether it says nothing new.
    public var isRepeated: Bool
    /// The labels that the group shares by its making.
    public var groupLabels: [String: String]
    /// Labels that all its alerts share.
    public var commonLabels: [String: String]
    /// Texts that all its alerts share.
    public var commonAnnotations: [String: String]
    /// All alerts of the group that fire and are not suppressed, and those that have resolved since the last notice.
    public var alerts: [Alert]
    /// Fingerprints of those that are in it for the first time in their state.
    public var news: [String]

    /// Describes notices; what its alerts share is found by looking.
    ///
    /// - Parameters:
    ///   - key: Tells it from other notices.
    ///   - news: Fingerprints of what is new; nil: all of it.
    public init(
        key: String, group: String, at: MonitorTime, bestBefore: MonitorTime, isRepeated: Bool = false,
        groupLabels: [String: String] = [:], alerts: [Alert], news: [String]? = nil
    ) {
        self.key = key
        self.group = group
        self.at = at
        self.bestBefore = bestBefore
        self.isRepeated = isRepeated
        self.groupLabels = groupLabels
        self.alerts = alerts
        self.news = news ?? alerts.map(\.fingerprint).sorted()
        status = .resolved
        commonLabels = [:]
        commonAnnotations = [:]
        noteWhatIsCommon()
    }

    /// Finds anew what its alerts share, and whether one fires.
    public mutating func noteWhatIsCommon() {
        status = alerts.contains { $0.state == .firing } ? .firing : .resolved
        commonLabels = Self.common(alerts.map(\.labels))
        commonAnnotations = Self.common(alerts.map(\.annotations))
    }

    private static func common(_ all: [[String: String]]) -> [String: String] {
        guard let first = all.first else { return [:] }
        return first.filter { name, value in all.allSatisfy { $0[name] == value } }
    }
}

/// What one evaluation brought.
public struct AlertStep: Sendable, Hashable {
    /// Alerts that went into another state. One that was pending and is no longer is told as resolved without having fired.
    public var changes: [Alert] = []
    /// Notices to deliver.
    public var notifications: [AlertNotification] = []
}

enum AlertFingerprint {
    /// FNV-1a over names and values in the order of the names, as Prometheus does it.
    static func of(_ labels: [MetricLabel]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        for label in labels {
            for byte in label.name.utf8 { mix(byte) }
            mix(0xFF)
            for byte in label.value.utf8 { mix(byte) }
            mix(0xFF)
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
