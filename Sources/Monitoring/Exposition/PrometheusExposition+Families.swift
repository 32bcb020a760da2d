extension MetricFamily {
    /// Describes a family of one's own, to stand beside those of the queries.
    public init(_ name: String, help: String, kind: Kind, labels: [String] = []) {
        self.init(name: name, help: help, kind: kind, labels: labels)
    }
}

extension PrometheusExposition {
    /// Writes families that are not of a query, such as those of a server, as UTF-8. Each is to be given once.
    public static func bytes(of families: [(family: MetricFamily, samples: [MetricSample])]) -> [UInt8] {
        families.flatMap { family, samples in
            var text = PrometheusText()
            text.begin(family)
            for sample in samples { text.sample([], sample.labels, sample.value) }
            return text.hasSamples ? text.bytes : []
        }
    }
}

extension MetricSample {
    /// A value without labels, or with these.
    public init(_ value: Double, _ labels: MetricLabel...) { self.init(labels: labels, value: value) }

    /// The value of a series that alert rules see.
    public init(_ sample: AlertSample) { self.init(labels: sample.labels, value: sample.value) }
}
