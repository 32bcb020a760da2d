/// The metrics that expressions can be about.
public struct AlertVocabulary: Sendable, Hashable {
    /// A metric as expressions see it.
    struct Metric: Sendable, Hashable {
        var kind: MetricFamily.Kind
        /// All labels, those that name the query as well.
        var labels: [String]
        /// Labels that have only these values.
        var values: [String: [String]] = [:]
    }

    private(set) var metrics: [String: Metric] = [:]

    /// A vocabulary without a metric.
    public init() {}

    /// All that there is: the series of queries, of the fleet, of feeds, and of forwarders and consumers in this process.
    public static let standard: AlertVocabulary = {
        var vocabulary = AlertVocabulary()
        for family in MetricCatalog.families + [PartitionLagSeries.family] {
            vocabulary.add(family, identity: ["query", "id"])
        }
        for family in FeedStatus.families + FeedStatus.processFamilies { vocabulary.add(family, identity: []) }
        vocabulary.add(
            MetricFamily(name: fleetStates, help: "Queries in a state.", kind: .gauge, labels: ["state"]), identity: [])
        return vocabulary
    }()

    static let fleetStates = "streamgauge_queries"

    /// Adds a metric that somebody gives to the evaluator in ``AlertInput/series``, with all its labels.
    public mutating func add(_ name: String, _ kind: MetricFamily.Kind, labels: [String]) {
        metrics[name] = Metric(kind: kind, labels: labels)
    }

    private mutating func add(_ family: MetricFamily, identity: [String]) {
        var metric = Metric(kind: family.kind, labels: identity + family.labels)
        for label in family.labels {
            switch label {
            case "state": metric.values[label] = QueryState.allCases.map(\.rawValue)
            case "pressure": metric.values[label] = InputPressure.allCases.map(\.rawValue)
            case "verdict": metric.values[label] = SizingVerdict.Kind.allCases.map(\.rawValue)
            default: break
            }
        }
        metrics[family.name] = metric
    }

    /// The word that somebody meant who wrote another; nil where none is close.
    public static func nearest(to word: String, in words: [String]) -> String? { NearestWord.of(word, in: words) }
}
