/// What is known of a feed, so that rules can watch the watcher too.
public struct FeedStatus: Sendable, Hashable, Codable {
    /// Its name, such as the topic or the file.
    public var name: String
    /// Whether it delivers; false while its source cannot be reached, and once it has ended with an error.
    public var isUp: Bool
    /// Seconds since its last event; nil while there was none.
    public var lastEventAgeSeconds: Double?
    /// Records of it that wait to be read; nil where it does not say.
    public var lagRecords: Int64?
    /// Records that are no events and were put aside.
    public var malformedRecords: UInt64

    /// Describes a feed.
    public init(
        name: String, isUp: Bool = true, lastEventAgeSeconds: Double? = nil, lagRecords: Int64? = nil,
        malformedRecords: UInt64 = 0
    ) {
        self.name = name
        self.isUp = isUp
        self.lastEventAgeSeconds = lastEventAgeSeconds
        self.lagRecords = lagRecords
        self.malformedRecords = malformedRecords
    }

    /// The series of feeds.
    public static let families: [MetricFamily] = [
        MetricFamily(
            name: "streamgauge_feed_up",
            help: "1 while a feed delivers, 0 while its source is away or once it has failed.",
            kind: .gauge, labels: ["feed"]),
        MetricFamily(
            name: "streamgauge_feed_last_event_age_seconds", help: "Seconds since a feed's last event.", kind: .gauge,
            labels: ["feed"]),
        MetricFamily(
            name: "streamgauge_feed_lag_records", help: "Records of a feed that wait to be read.", kind: .gauge,
            labels: ["feed"]),
        MetricFamily(
            name: "streamgauge_feed_malformed_records_total", help: "Records or lines of a feed that are no events.",
            kind: .counter, labels: ["feed"]),
    ]

    /// The series that forwarders and consumers have in their own processes: rules can be about them, and have values of them where the
    /// process that judges the rules gives them in ``AlertInput/series``.
    public static let processFamilies: [MetricFamily] = [
        MetricFamily(
            name: "streamgauge_forwarder_events_dropped_total", help: "Events that a forwarder gave up, by reason.",
            kind: .counter, labels: ["topic", "reason"]),
        MetricFamily(
            name: "streamgauge_forwarder_events_spooled", help: "Events that a forwarder keeps on disk.", kind: .gauge,
            labels: ["topic"]),
        MetricFamily(
            name: "streamgauge_consumer_lag_records_sum", help: "Records that a consumer has not read yet.",
            kind: .gauge, labels: ["group"]),
    ]

    /// Its series. Those of forwarders and consumers come from elsewhere.
    public var samples: [AlertSample] {
        let labels = [MetricLabel("feed", name)]
        func sample(_ name: String, _ value: Double?) -> AlertSample? {
            value.map { AlertSample("streamgauge_feed_\(name)", labels, $0) }
        }
        return [
            sample("up", isUp ? 1 : 0), sample("last_event_age_seconds", lastEventAgeSeconds),
            sample("lag_records", lagRecords.map { Double($0) }),
            sample("malformed_records_total", Double(malformedRecords)),
        ].compactMap { $0 }
    }
}

/// One value of one series, with all its labels.
public struct AlertSample: Sendable, Hashable {
    /// The metric.
    public var metric: String
    /// All labels.
    public var labels: [MetricLabel]
    /// The value; one that is not finite is ignored.
    public var value: Double

    /// Describes a value.
    public init(_ metric: String, _ labels: [MetricLabel], _ value: Double) {
        self.metric = metric
        self.labels = labels
        self.value = value
    }
}

/// What rules are judged on at one moment.
public struct AlertInput: Sendable {
    /// The moment, in the feed's time.
    public var at: MonitorTime
    /// What is known of each query.
    public var queries: [QuerySnapshot]
    /// What is known of each feed.
    public var feeds: [FeedStatus]
    /// Further series: those of forwarders and consumers, and what a test makes up.
    public var series: [AlertSample]

    /// Describes a moment.
    public init(
        at: MonitorTime, queries: [QuerySnapshot] = [], feeds: [FeedStatus] = [], series: [AlertSample] = []
    ) {
        self.at = at
        self.queries = queries
        self.feeds = feeds
        self.series = series
    }
}
