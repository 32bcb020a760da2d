import StructuredStreaming

/// How a query is computed: one scan, and the steps its rows go through.
///
///     scan ─► row steps (each batch by itself, on every worker) ─► aggregation ─► result steps ─► sink
///
/// Without an aggregation the rows go from the row steps to the sink as they come, unless a sort or limit follows, which needs
/// them all.
struct PhysicalPlan: Sendable {
    /// Where the rows come from.
    enum Scan: Sendable {
        case relation(DataSourceRelation)
        case table(String)
        case local(StructType, [[Value]])
    }

    /// One step; each works on the columns that the step before it gives.
    enum Step: Sendable {
        case filter(Expression)
        case project([Expression], StructType)
        case aggregate(HashAggregatePlan)
        case sort([LogicalPlan.SortOrder])
        case limit(Int)

        /// Whether it can work on each batch by itself.
        var isRowWise: Bool {
            switch self {
            case .filter, .project: true
            case .aggregate, .sort, .limit: false
            }
        }
    }

    var scan: Scan
    /// The columns that the scan has to deliver.
    var scanColumns: StructType
    /// Steps that work on each batch by itself.
    var rowSteps: [Step]
    /// The rest, beginning with the first step that needs all rows.
    var resultSteps: [Step]
    /// The result's columns.
    var schema: StructType

    /// Whether a step keeps only the first rows.
    var hasLimit: Bool { resultSteps.contains { if case .limit = $0 { true } else { false } } }

    /// The aggregation whose groups a streaming query keeps in its state: the first step after the row steps.
    var statefulAggregate: HashAggregatePlan? {
        if case .aggregate(let aggregate)? = resultSteps.first { aggregate } else { nil }
    }
}

/// A grouped aggregation: which keys, which buffers, and how the result comes from both.
struct HashAggregatePlan: Sendable {
    /// The keys, over the input's columns.
    var keys: [Expression]
    /// Names and types of the keys.
    var keySchema: StructType
    /// The arguments of the aggregates, over the input's columns; nil for `count(*)`.
    var arguments: [Expression?]
    /// All buffer fields, those of one aggregate next to one another.
    var fields: [BufferField]
    /// The result's expressions, over the keys followed by the aggregates' values.
    var outputs: [Expression]
    /// The aggregates' functions and result types, in order.
    var functions: [(function: AggregateFunction, type: DataType)]
    /// Names and types of the result.
    var schema: StructType
}
